select e.version, e.kind, e.recorded_at, e.body
from es.stream s
join es.event e on e.rid = s.rid and e.version = $4
where s.tenant = $1 and s.type = $2 and s.id = $3
