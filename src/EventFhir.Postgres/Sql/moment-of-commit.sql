-- $1: a transaction. The last position of all that its commit made visible; null while any of that has none. Groups that arrive together are
-- committed together, and their positions stand together.
select case when count(*) = count(f.position) then max(f.position) end
from es.event e
left join es.feed f on f.seq = e.seq
where e.xid = (select o.xid from es.event o where o.tx_id = $1 limit 1)
