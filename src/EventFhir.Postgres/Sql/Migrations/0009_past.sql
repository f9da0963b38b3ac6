-- Search rows of past versions, one table beside each search table: "since" is the transaction that wrote the version, "until" the one that
-- superseded it. The tables are made with those of the type; tables from before ask for a rebuild, which fills both kinds from the log.
create schema fhir_past;

-- Versions of resources by surrogate, in that order: of each the one with the number given, or else the newest. A function for the reason that
-- es.current is one.
create function es.versions(p_rids bigint[], p_seqs bigint[])
returns table (rid bigint, type smallint, id text, version int, kind smallint, updated timestamptz, body text)
language plpgsql stable rows 20
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
    return query
    select s.rid, s.type, s.id, e.version, e.kind, e.recorded_at, e.body
    from unnest(p_rids, p_seqs) p(rid, seq) join es.stream s on s.rid = p.rid join es.event e on e.seq = coalesce(p.seq, s.seq)
    order by s.rid;
end $$;

-- The newest versions that a snapshot saw; what was deleted then, or not there yet, is left out.
create function es.seen(p_rids bigint[], p_snapshot pg_snapshot)
returns table (rid bigint, type smallint, id text, version int, kind smallint, updated timestamptz, body text)
language plpgsql stable rows 20
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
    return query
    select s.rid, s.type, s.id, e.version, e.kind, e.recorded_at, e.body
    from unnest(p_rids) p(rid) join es.stream s on s.rid = p.rid
    join lateral (select v.* from es.event v where v.rid = s.rid and pg_visible_in_snapshot(v.xid, p_snapshot)
        order by v.version desc limit 1) e on e.kind <> 3
    order by s.rid;
end $$;
