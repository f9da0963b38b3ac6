select e.version, e.kind, e.recorded_at, e.body
from es.stream s
join es.event e on e.seq = s.seq
where s.tenant = $1 and s.type = $2 and s.id = $3
