-- The largest type whose search indexes are still to be made, or the one that is asked for, if nobody is at it.
select l.type, l.fingerprint
from fhir.layout l
where not l.indexed and not l.type = any ($1) and ($2 is null or l.type = $2)
order by (select sum(c.versions) from es.counter c where c.type = l.type) desc nulls last, l.type
limit 1
for update of l skip locked
