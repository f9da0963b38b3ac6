insert into baseline.event (type, id, version, body) select t.type, t.id, 1, t.body from unnest($1::text[], $2::text[], $3::text[]) as t (type, id, body)
