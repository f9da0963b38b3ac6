-- Of a new table the planner believes that a tenant holds a few rows, and reads all streams for each append until the first ANALYZE (measured:
-- 480 creates/s instead of 3,400 in the first half minute of a new database, and slower with each create). So it is shown what streams look
-- like. The rows are gone at once; what the planner learned of the columns stays until there are real rows to look at.
do $$
begin
    if not exists (select from es.stream) then
        insert into es.stream (tenant, type, id) select 0, n % 25, gen_random_uuid()::text from generate_series(1, 2000) n;
        analyze es.stream;
        truncate es.stream restart identity;
    end if;
end $$;
