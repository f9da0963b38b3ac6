-- $1: a type, in small letters; $2: the least share of the resources that counts. One row: how many resources there are, and which share of them has
-- which hash, be it a term or one of its numbers. No hashes before the first ANALYZE. Of arrays there are some more shares than elements.
with m as (select c.reltuples from pg_class c where c.oid = to_regclass('fhir.x_' || $1)),
e as (
    select t.hash, t.share
    from pg_stats s cross join lateral unnest(s.most_common_elems::text::bigint[], s.most_common_elem_freqs) t(hash, share)
    where s.schemaname = 'fhir' and s.tablename = 'x_' || $1 and s.attname = 'terms'
    union all
    select t.hash, (t.share * n.reltuples / m.reltuples)::real
    from m join pg_class n on n.oid = to_regclass('fhir.num_' || $1) and m.reltuples > 0
    join pg_stats s on s.schemaname = 'fhir' and s.tablename = 'num_' || $1 and s.attname = 'hash'
    cross join lateral unnest(s.most_common_vals::text::bigint[], s.most_common_freqs) t(hash, share))
select (select m.reltuples from m), coalesce(array_agg(e.hash), '{}'), coalesce(array_agg(e.share), '{}')
from e where e.hash is not null and e.share >= $2
