-- What was stored last, of a type: for _lastUpdated. On the log, since an index on the head would cost every update its place on the page (HOT).
create index event_times on es.event (tenant, type, recorded_at);

-- Few dates are longer than a day, and a search for a window of time would read half of the type to find them: they get an index of their own
-- (MainStatements makes it for new tables).
do $$
declare
    pair record;
begin
    for pair in
        select lo.table_name, lo.column_name as lo, hi.column_name as hi
        from fhir.layout l
        join information_schema.columns lo on lo.table_schema = 'fhir' and lo.table_name = 'x_' || lower(l.name) and lo.column_name like '%\_lo'
        join information_schema.columns hi on hi.table_schema = 'fhir' and hi.table_name = lo.table_name
            and hi.column_name = left(lo.column_name, -3) || '_hi'
        where l.indexed and lo.data_type = 'timestamp with time zone'
    loop
        execute format(
            'create index on fhir.%1$I (%2$I) where (%3$I at time zone ''UTC'') > (%2$I at time zone ''UTC'') + interval ''24:00:00''',
            pair.table_name, pair.lo, pair.hi);
    end loop;
end $$;

-- Its plan is by keys anyway, and each setting costs some microseconds for each page.
alter function es.current(bigint[]) reset enable_hashjoin;
alter function es.current(bigint[]) reset enable_mergejoin;
