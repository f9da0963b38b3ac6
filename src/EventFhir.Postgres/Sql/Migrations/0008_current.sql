-- The newest versions of resources by surrogate, in that order; what is deleted, or only referred to, is left out. A function, because its plan is
-- made once: searches are planned for their own values, and planning this part again would cost more than reading a page.
create function es.current(p_rids bigint[])
returns table (rid bigint, type smallint, id text, version int, kind smallint, updated timestamptz, body text)
language plpgsql stable rows 20
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
    return query
    select s.rid, s.type, s.id, s.version, e.kind, s.updated, e.body
    from unnest(p_rids) p(rid) join es.stream s on s.rid = p.rid and not s.deleted join es.event e on e.seq = s.seq
    order by s.rid;
end $$;
