-- Numbers for rows of es.stream and their first events, each pair higher than the one before.
select nextval('es.stream_rid_seq'), nextval('es.seq') from generate_series(1, $1)
