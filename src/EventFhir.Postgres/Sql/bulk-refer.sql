-- A row for each of these keys that has none, in key order: placeholders, which stay whatever becomes of the resources that refer to them.
insert into es.stream (tenant, type, id)
select $1, k.type, k.id
from unnest($2::smallint[], $3::text[]) k(type, id)
where not exists (select from es.stream s where s.tenant = $1 and s.type = k.type and s.id = k.id)
order by k.type, k.id
on conflict do nothing
