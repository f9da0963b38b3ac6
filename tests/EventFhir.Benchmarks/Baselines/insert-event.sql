insert into baseline.event (type, id, version, body) values ($1, $2, 1, $3)
