-- The live ones among these resources.
select s.rid, s.type, e.body, e.xid::text::bigint, e.seq, 0::bigint
from es.stream s
join es.event e on e.seq = s.seq
where s.rid = any ($1) and s.version > 0 and not s.deleted
order by s.rid
