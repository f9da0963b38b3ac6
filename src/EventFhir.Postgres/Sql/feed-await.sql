-- $1: a transaction. Its last position; null while it has none. events: 0 if nothing was committed under the name. The epoch is that of the feed in
-- which it was found: what a process has heard of the feed may be older.
select count(*), max(f.position), count(*) = count(f.position), (select s.epoch from es.sequencer s where s.id = 1)
from es.event e left join es.feed f on f.seq = e.seq where e.tx_id = $1
