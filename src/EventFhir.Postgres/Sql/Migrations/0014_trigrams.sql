-- Trigrams serve :contains. The extension is part of PostgreSQL, but not of every installation, and not everybody may create it: then all values of a
-- parameter are read, and the answer is the same. Where it comes later, a rebuild makes the indexes.
do $$
begin
    create extension if not exists pg_trgm;
exception when others then
    raise notice 'pg_trgm cannot be created: %', sqlerrm;
end $$;

-- Of the rows of whole strings; those of single words are found by their beginning. Does nothing without the extension, wherever that is installed.
create function es.index_trigrams(p_table text) returns void language plpgsql as $$
declare
    place text := (select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm');
begin
    if place is not null then
        execute format('create index on %s using gin (normalized %s.gin_trgm_ops) where exact <> %L', p_table, place, '');
    end if;
end $$;
