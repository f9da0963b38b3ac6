-- Keeps these resources as they are until the transaction ends; in key order, as every writer locks.
select s.rid, s.seq
from es.stream s
where s.rid = any ($1) and s.version > 0 and not s.deleted
order by s.type, s.id
for share
