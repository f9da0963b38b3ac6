-- $1: a type, in small letters. For each date of its resources that ANALYZE has seen: the column of its low end; bounds between which equally many
-- lie, in seconds since 1970; which dates are common, and which share of the resources has these; and how many lack it.
select s.attname::text, array(select extract(epoch from b)::float8 from unnest(s.histogram_bounds::text::timestamptz[]) b),
    array(select extract(epoch from v)::float8 from unnest(s.most_common_vals::text::timestamptz[]) v), coalesce(s.most_common_freqs, '{}'),
    s.null_frac
from pg_stats s
join pg_attribute a on a.attrelid = to_regclass('fhir.x_' || $1) and a.attname = s.attname and a.atttypid = 'timestamptz'::regtype
where s.schemaname = 'fhir' and s.tablename = 'x_' || $1 and s.attname like '%\_lo'
