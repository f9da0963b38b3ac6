-- The indexes of dates longer than a day, with a condition that always holds: by it the planner takes them for small, as they are. Without it, a
-- window of time near the newest dates was found by everything that ends after it begins (MainStatements makes it so for new tables).
do $$
declare
    long record;
begin
    for long in
        select x.schemaname, x.indexname, x.indexdef, c.lo, left(c.lo, -3) || '_hi' as hi
        from pg_indexes x cross join lateral (select substring(x.indexdef from '\((\w+_lo)\) WHERE') as lo) c
        where x.schemaname = 'fhir' and x.indexdef like '%+ ''24:00:00''::interval))' and c.lo is not null
    loop
        execute format('drop index %I.%I', long.schemaname, long.indexname);
        execute format('%s and num_nonnulls(%I, %I) = 2', long.indexdef, long.lo, long.hi);
    end loop;
end $$;
