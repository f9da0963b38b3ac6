-- Who asked for a change, for whom, through what, why, and from where: with the event, never in the resource. Columns that are empty cost a bit
-- in the row's null map, which every event has.
alter table es.event
    add column on_behalf_of   text,
    add column purpose        text,
    add column source_address text,
    add column trace          text;

-- As before, and it takes the new columns. What no group of a batch has is null instead of an array.
drop function es.append(smallint, text, uuid[], text[], text[], text[], text[], text[], int[], int[], smallint[], text[], smallint[], smallint[],
    text[], uuid[], uuid[], bytea[], bytea[], smallint[], text[]);

create function es.append(
    p_tenant smallint, p_fhir_version text,
    g_tx uuid[], g_key text[], g_actor text[], g_on_behalf_of text[], g_client text[], g_reason text[], g_purpose text[], g_correlation text[],
    g_source text[], g_trace text[],
    c_group int[], c_place int[], c_type smallint[], c_id text[], c_kind smallint[], c_condition smallint[], c_match text[],
    c_event uuid[], c_digest uuid[], c_head bytea[], c_tail bytea[],
    r_type smallint[], r_id text[])
returns table (
    grp int, place int, outcome int, version int, updated timestamptz, type smallint, id text)
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    replayed int[] := '{}';
begin
    if g_key is not null then
        with asked as (
            select k.key, k.n from unnest(g_key) with ordinality k(key, n) where k.key is not null
        ), first as (
            insert into es.idempotency (tenant, key, tx_id)
            select p_tenant, a.key, g_tx[a.n] from asked a order by a.key
            on conflict do nothing returning key
        )
        select coalesce(array_agg(a.n::int), '{}') into replayed from asked a where a.key not in (select f.key from first f);
    end if;

    -- Rows for keys not met before, in key order. Only rows that are really missing are tried, so that no rid is wasted.
    insert into es.stream (tenant, type, id)
    select p_tenant, k.type, k.id
    from (select * from unnest(c_type, c_id) union select * from unnest(r_type, r_id)) k(type, id)
    where not exists (select from es.stream s where s.tenant = p_tenant and s.type = k.type and s.id = k.id)
    order by k.type, k.id
    on conflict do nothing;

    return query
    with locked as materialized (
        select c.n::int as n, c.grp, c.place, c.type, c.id, c.kind, c.event, c.digest, c.head, c.tail,
               s.rid, s.version, s.deleted, s.updated,
               case
                   when c.grp = any (replayed) then 8
                   when c.condition = 1 and (s.version = 0 or s.deleted or not s.version = any (c.match::bigint[])) then 3
                   when c.condition = 2 and s.version > 0 and not s.deleted then 3
                   when c.kind = 1 and s.version > 0 and not s.deleted then 2
                   when c.kind = 3 and (s.version = 0 or s.deleted) then 1
                   when c.kind = 2 and s.version > 0 and not s.deleted and s.digest = c.digest then 1
                   else 0
               end as verdict
        from unnest(c_group, c_place, c_type, c_id, c_kind, c_condition, c_match, c_event, c_digest, c_head, c_tail) with ordinality
                 c(grp, place, type, id, kind, condition, match, event, digest, head, tail, n)
        join es.stream s on s.tenant = p_tenant and s.type = c.type and s.id = c.id
        order by c.n
        for update of s
    ), decided as (
        select l.*, l.version = 0 or l.deleted as is_new, greatest(date_trunc('milliseconds', clock_timestamp()), l.updated) as at,
               case when l.verdict in (0, 1) and bool_or(l.verdict in (2, 3)) over (partition by l.grp) then 4 else l.verdict end as outcome
        from locked l
    ), numbered as materialized (
        -- Numbers are drawn here, after every lock, in the order of the groups; only for what is accepted.
        select d.*, case when d.outcome = 0 then nextval('es.seq') end as seq, uuid_send(gen_random_uuid()) as salt,
               case when d.outcome = 0 and d.kind <> 3
                    then d.head || convert_to(
                             '"versionId":"' || (d.version + 1) || '","lastUpdated":"' ||
                             to_char(d.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'UTF8') || d.tail
               end as body
        from (select * from decided order by grp, place) d
    ), accepted as (
        select * from numbered where outcome = 0
    ), appended as (
        insert into es.event (seq, rid, recorded_at, version, tenant, type, kind, event_id, tx_id, digest, fhir_version, salt, body_commit,
                              actor, on_behalf_of, client, reason, purpose, correlation_id, source_address, trace, body)
        select a.seq, a.rid, a.at, a.version + 1, p_tenant, a.type, case when a.kind = 2 and a.is_new then 4 else a.kind end,
               a.event, g_tx[a.grp], a.digest, p_fhir_version, a.salt, sha256(a.salt || coalesce(a.body, '')),
               g_actor[a.grp], g_on_behalf_of[a.grp], g_client[a.grp], g_reason[a.grp], g_purpose[a.grp], g_correlation[a.grp],
               g_source[a.grp], g_trace[a.grp], convert_from(a.body, 'UTF8')
        from accepted a
    ), moved as (
        update es.stream s
        set version = a.version + 1, deleted = a.kind = 3, seq = a.seq, updated = a.at, digest = a.digest
        from accepted a where s.rid = a.rid
    ), counted as (
        insert into es.counter as c (tenant, type, slot, versions, live)
        select p_tenant, a.type, pg_backend_pid() % 32, count(*), count(*) filter (where a.is_new) - count(*) filter (where a.kind = 3)
        from accepted a group by a.type order by a.type
        on conflict (tenant, type, slot) do update set versions = c.versions + excluded.versions, live = c.live + excluded.live
    ), told as (
        select set_config('es.rids', coalesce(array_agg(
            case when d.outcome <> 0 then 0 when d.is_new then d.rid else -d.rid end order by d.n), '{}')::text, true) as rids
        from numbered d
    ), results as materialized (
        select d.grp, d.place, d.type, d.id,
               case when d.outcome = 0 then d.version + 1 else d.version end as version,
               case when d.outcome = 0 then d.at else d.updated end as updated,
               d.outcome + case when d.outcome = 0 and d.is_new then 16 else 0 end
                         + case when case when d.outcome = 0 then d.kind = 3 else d.deleted end then 32 else 0 end as outcome
        from numbered d
        where d.outcome <> 8
    ), noted as (
        update es.idempotency i
        set types = r.types, ids = r.ids, outcomes = r.outcomes, versions = r.versions, updated = r.updated
        from (
            select r.grp, array_agg(r.type order by r.place) as types, array_agg(r.id order by r.place) as ids,
                   array_agg(r.outcome::smallint order by r.place) as outcomes, array_agg(r.version order by r.place) as versions,
                   array_agg(r.updated order by r.place) as updated
            from results r where g_key is not null group by r.grp having bool_and((r.outcome & 7) < 2)
        ) r
        where i.tenant = p_tenant and i.key = g_key[r.grp]
    )
    select r.grp, r.place, r.outcome, r.version, r.updated, null::smallint, null::text
    from results r where (select t.rids from told t) is not null;

    perform set_config('es.refs', coalesce(array_agg(s.rid order by r.n), '{}')::text, true)
    from unnest(r_type, r_id) with ordinality r(type, id, n)
    join es.stream s on s.tenant = p_tenant and s.type = r.type and s.id = r.id;

    if g_key is not null then
        return query
        select a.n::int, o.place::int, o.outcome | 8, o.version, o.updated, o.type, o.id
        from unnest(g_key) with ordinality a(key, n)
        join es.idempotency i on i.tenant = p_tenant and i.key = a.key,
        unnest(i.types, i.ids, i.outcomes, i.versions, i.updated) with ordinality o(type, id, outcome, version, updated, place)
        where a.n = any (replayed);
        -- A refused group has had no effect, so a retry decides anew.
        delete from es.idempotency i using unnest(g_key, g_tx) a(key, tx) where i.tenant = p_tenant and i.key = a.key and i.tx_id = a.tx
        and i.outcomes = '{}';
    end if;
end $$;
