-- The next live resources of some types, as they are now.
select s.rid, s.type, s.seq, e.body
from es.stream s
join es.event e on e.seq = s.seq
where s.rid > $1 and s.type = any ($2) and s.version > 0 and not s.deleted
order by s.rid
limit $3
