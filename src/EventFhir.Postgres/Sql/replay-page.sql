-- Live resources of a range of rids, as they are now.
select s.rid, s.type, e.body, e.xid::text::bigint, e.seq, 0::bigint
from es.stream s
join es.event e on e.seq = s.seq
where s.rid > $1 and s.rid <= $2 and s.version > 0 and not s.deleted
order by s.rid
