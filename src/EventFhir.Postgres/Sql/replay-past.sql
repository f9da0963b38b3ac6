-- Versions that were superseded by the events of a range of the log; deletes left no rows to supersede, and what is erased none either.
select e.rid, s.type, e.body, e.xid::text::bigint, e.seq, n.xid::text::bigint
from es.event n
join es.event e on e.rid = n.rid and e.version = n.version - 1
join es.stream s on s.rid = e.rid
where n.seq > $1 and n.seq <= $2 and n.version > 1 and e.body is not null
order by n.seq
