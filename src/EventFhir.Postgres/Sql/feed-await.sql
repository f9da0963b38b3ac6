-- $1: a transaction. Its last position; null while it has none. events: 0 if nothing was committed under the name.
select count(*), max(f.position), count(*) = count(f.position) from es.event e left join es.feed f on f.seq = e.seq where e.tx_id = $1
