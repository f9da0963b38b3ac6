with request as (
    select nextval('floor.event_seq_seq') as seq, id, body, patient, date, value, $6::bigint[] as terms, ordinal
    from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::float8[]) with ordinality as t (id, body, patient, date, value, ordinal)
), event as (
    insert into floor.event (seq, id, version, body) overriding system value select seq, id, 1, body from request
), head as (
    insert into floor.head (id, version, seq) select id, 1, seq from request
)
insert into floor.search (seq, patient, date, value, terms)
select seq, patient, date, value, terms[(ordinal - 1) * 12 + 1 : ordinal * 12] from request
