insert into es.counter as c (tenant, type, slot, versions, live)
select $1, k.type, pg_backend_pid() % 32, k.resources, k.resources
from unnest($2::smallint[], $3::bigint[]) k(type, resources)
order by k.type
on conflict (tenant, type, slot) do update set versions = c.versions + excluded.versions, live = c.live + excluded.live
