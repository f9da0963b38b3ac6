-- One live resource as it is now.
select s.rid, s.seq, e.body
from es.stream s
join es.event e on e.seq = s.seq
where s.tenant = $1 and s.type = $2 and s.id = $3 and s.version > 0 and not s.deleted
