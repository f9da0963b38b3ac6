with event as (insert into baseline.event (type, id, version, body) values ($1, $2, 1, $3) returning seq)
insert into baseline.head (id, version, seq) select $2, 1, seq from event
