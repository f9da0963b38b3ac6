-- The set and all custom parameters, in one snapshot.
select s.generation, s.revision, p.id, p.owner, p.url, p.code, p.type, p.bases, p.expression, p.targets, p.state, p.done, p.total, p.rid,
       p.components
from es.search_set s
left join es.search_parameter p on true
order by p.id
