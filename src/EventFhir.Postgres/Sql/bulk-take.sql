-- Placeholders are taken over: locked in the order given, which is key order, and only then numbered.
with locked as materialized (
    select s.rid, k.digest
    from unnest($2::bigint[], $3::uuid[]) with ordinality k(rid, digest, n)
    join es.stream s on s.rid = k.rid
    where s.version = 0
    order by k.n
    for update of s
)
update es.stream s
set version = 1, deleted = false, seq = nextval('es.seq'), updated = $1, digest = l.digest
from locked l
where s.rid = l.rid
returning s.rid, s.seq
