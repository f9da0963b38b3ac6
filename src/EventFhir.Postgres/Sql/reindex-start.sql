-- Notes a job for those of some types ($1) that have search tables.
insert into es.reindex_job (types, total)
select coalesce(array_agg(l.type order by l.type), '{}'),
       (select coalesce(sum(c.live), 0) from es.counter c where c.tenant = 0 and c.type = any ($1))
from fhir.layout l where l.type = any ($1)
returning id, types, state, progress, done, total
