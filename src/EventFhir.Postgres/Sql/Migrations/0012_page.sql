-- The first page of a search in the order of the surrogates: how many matches there are, and so many of the first ones with their bodies; of more
-- than the bound only one, for its count. Without an array, one row of nulls. A function for the reason that es.current is one: only the matches are
-- planned for their values.
create function es.page(p_matches bigint[], p_max int, p_bound int)
returns table (matches bigint, rid bigint, type smallint, id text, version int, kind smallint, updated timestamptz, body text)
language plpgsql stable rows 20
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    if p_matches is null then
        return next;
        return;
    end if;
    return query
    select cardinality(p_matches)::bigint, s.rid, s.type, s.id, s.version, e.kind, s.updated, e.body
    from (
        select m.rid from unnest(p_matches) m(rid) order by m.rid limit case when cardinality(p_matches) <= p_bound then p_max else 1 end) p
    join es.stream s on s.rid = p.rid join es.event e on e.seq = s.seq
    order by s.rid;
end $$;
