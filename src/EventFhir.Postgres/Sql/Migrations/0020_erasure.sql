-- Erasure: body and salt of all versions of a resource are destroyed, everything derived from them is deleted; positions, leaves and proofs stay
-- (docs/proof.md). An event of kind 5 says so; the version before it is a delete, or an earlier erasure.
alter table es.event alter column salt drop not null;

-- Requests to erase, and what became of them. Who approves is not who requested.
create table es.erasure (
    id           uuid        primary key default gen_random_uuid(),
    rid          bigint      not null,
    legal_basis  text        not null,
    requested_by text        not null,
    requested_at timestamptz not null default clock_timestamp(),
    approved_by  text,
    approved_at  timestamptz,
    seq          bigint
);
create unique index on es.erasure (rid) where approved_at is null;

-- Legal holds: while one is open, nothing of the resource is erased.
create table es.hold (
    id          uuid        primary key default gen_random_uuid(),
    rid         bigint      not null,
    reason      text        not null,
    placed_by   text        not null,
    placed_at   timestamptz not null default clock_timestamp(),
    lift_reason text,
    lifted_by   text,
    lifted_at   timestamptz
);
create index on es.hold (rid) where lifted_at is null;

-- Why a request cannot be carried out now; null if it can.
create function es.erasure_refusal(p_erasure uuid, p_rid bigint, p_approver text) returns text language sql stable as $$
    select case
        when not exists (select from es.erasure e where e.id = p_erasure and e.rid = p_rid and e.approved_at is null) then 'unknown'
        when exists (select from es.erasure e where e.id = p_erasure and e.requested_by = p_approver) then 'same person'
        when exists (select from es.hold h where h.rid = p_rid and h.lifted_at is null) then 'held'
    end
$$;

-- Destroys the content of a deleted resource and appends the event that says so. Null if done, else why not. It runs with the rights of its owner,
-- so that whoever may call it needs no right to change events.
create function es.erase(p_erasure uuid, p_rid bigint, p_approver text, p_client text, p_correlation text, p_source text, p_trace text,
                         p_event uuid, p_tx uuid, p_fhir_version text)
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    refusal text;
    e       es.erasure;
    s       es.stream;
    "at"    timestamptz;
    fresh   bytea := uuid_send(gen_random_uuid());
    drawn   bigint;
begin
    select * into e from es.erasure where id = p_erasure for update;
    select * into s from es.stream where rid = p_rid for update;
    refusal := es.erasure_refusal(p_erasure, p_rid, p_approver);
    if refusal is not null then return refusal; end if;
    if not s.deleted then return 'live'; end if;
    update es.event set body = null, salt = null, digest = null where rid = p_rid and kind <> 5 and salt is not null;
    "at" := greatest(date_trunc('milliseconds', clock_timestamp()), s.updated);
    drawn := nextval('es.seq');
    insert into es.event (seq, rid, recorded_at, version, tenant, type, kind, event_id, tx_id, fhir_version, salt, body_commit,
                          actor, on_behalf_of, client, reason, correlation_id, source_address, trace)
    values (drawn, s.rid, "at", s.version + 1, s.tenant, s.type, 5, p_event, p_tx, p_fhir_version, fresh, sha256(fresh),
            p_approver, e.requested_by, p_client, e.legal_basis, p_correlation, p_source, p_trace);
    update es.stream set version = s.version + 1, seq = drawn, updated = "at", digest = null where rid = p_rid;
    insert into es.counter as c (tenant, type, slot, versions, live) values (s.tenant, s.type, pg_backend_pid() % 32, 1, 0)
    on conflict (tenant, type, slot) do update set versions = c.versions + 1;
    delete from es.idempotency i where i.tenant = s.tenant and s.id = any (i.ids) and s.type = any (i.types);
    update es.erasure set approved_by = p_approver, approved_at = clock_timestamp(), seq = drawn where id = p_erasure;
    return null;
end $$;

-- Deletes every derived row of a resource, those of past versions included, and the texts of the lexicon that no other resource has. Returns how
-- many rows that were. To be called while no write is in flight: a writer that finds its text in the lexicon relies on it.
-- p_type: the name of the resource type in small letters, as it ends the names of the tables.
create function es.forget(p_rid bigint, p_type text) returns bigint language plpgsql volatile as $$
declare
    t       record;
    hashes  bigint[] := '{}';
    met     bigint[];
    touched bigint;
    total   bigint := 0;
begin
    for t in
        select n.nspname, c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attname in ('terms', 'hash')
        where n.nspname in ('fhir', 'fhir_past') and c.relkind = 'r' and c.relname in ('x_' || p_type, 'ident_' || p_type)
    loop
        execute format(case t.attname when 'terms' then 'select array_agg(distinct h) from %I.%I x, unnest(x.terms) h where x.rid = $1'
                                      else 'select array_agg(distinct x.hash) from %I.%I x where x.rid = $1' end, t.nspname, t.relname)
        into met using p_rid;
        hashes := hashes || met;
    end loop;

    for t in
        select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'rid'
        where n.nspname like 'fhir%' and c.relkind = 'r' and right(c.relname, length(p_type) + 1) = '_' || p_type
    loop
        execute format('delete from %I.%I where rid = $1', t.nspname, t.relname) using p_rid;
        get diagnostics touched = row_count;
        total := total + touched;
    end loop;

    if to_regclass(format('fhir.%I', 'lex_' || p_type)) is null then return total; end if;
    for t in
        select n.nspname, c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attname in ('terms', 'hash')
        where n.nspname in ('fhir', 'fhir_past') and c.relkind = 'r' and c.relname in ('x_' || p_type, 'ident_' || p_type)
    loop
        -- One by one where an index finds them, all in one walk where none does.
        execute format(
            case when t.attname = 'hash' then 'select array_agg(h) from unnest($1) h where exists (select from %I.%I x where x.hash = h)'
                 when t.nspname = 'fhir' then 'select array_agg(h) from unnest($1) h where exists (select from %I.%I x where x.terms @> array[h])'
                 else 'select array_agg(distinct h) from %I.%I x, unnest(x.terms) h where x.terms && $1 and h = any ($1)' end, t.nspname, t.relname)
        into met using hashes;
        hashes := array(select unnest(hashes) except select unnest(met));
    end loop;
    execute format('delete from fhir.%I where hash = any ($1)', 'lex_' || p_type) using hashes;
    get diagnostics touched = row_count;
    return total + touched;
end $$;

-- As before, and it leaves out what has been erased since.
create or replace function es.seen(p_rids bigint[], p_snapshot pg_snapshot)
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
        order by v.version desc limit 1) e on e.body is not null
    order by s.rid;
end $$;

-- For a server that must not be able to rewrite history (docs/operations.md). Called by the owner of the schema es, for roles that exist:
-- p_server may insert into the log and read it, p_eraser owns es.erase and may do no more than that function needs.
create function es.grant_roles(p_server name, p_eraser name) returns void language plpgsql volatile as $$
declare
    t record;
begin
    execute format('grant usage on schema es to %I, %I', p_server, p_eraser);
    for t in select c.oid::regclass as name, c.relname from pg_class c
             where c.relnamespace = 'es'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
    loop
        execute format('grant select on %s to %I', t.name, p_server);
        -- What has been written stays as it is; the other tables of the schema are state that goes on.
        if t.relname in ('event', 'feed', 'feed_batch', 'epoch', 'checkpoint', 'proof_key') then
            execute format('grant insert on %s to %I', t.name, p_server);
        elsif t.relname <> 'migration' then
            execute format('grant insert, update, delete on %s to %I', t.name, p_server);
        end if;
    end loop;
    execute format('grant usage, select on all sequences in schema es to %I', p_server);
    -- New partitions belong to the owner of the log.
    alter function es.ensure_partitions(bigint) security definer;
    alter function es.ensure_partitions(bigint) set search_path = pg_catalog, pg_temp;

    execute format('grant select, insert, update (body, salt, digest) on es.event to %I', p_eraser);
    execute format('grant select, update on es.stream, es.erasure to %I', p_eraser);
    execute format('grant select, insert, update on es.counter to %I', p_eraser);
    execute format('grant select on es.hold to %I', p_eraser);
    execute format('grant select, delete on es.idempotency to %I', p_eraser);
    execute format('grant usage on sequence es.seq to %I', p_eraser);
    execute format('grant create on schema es to %I', p_eraser);
    execute format('alter function es.erase(uuid, bigint, text, text, text, text, text, uuid, uuid, text) owner to %I', p_eraser);
    execute format('revoke create on schema es from %I', p_eraser);
    execute format('revoke execute on function es.erase(uuid, bigint, text, text, text, text, text, uuid, uuid, text) from public');
    execute format('grant execute on function es.erase(uuid, bigint, text, text, text, text, text, uuid, uuid, text) to %I', p_server);

    -- What is derived from the log belongs to the server: it makes, changes, swaps and drops these tables.
    execute format('grant create on database %I to %I', current_database(), p_server);
    for t in select n.nspname from pg_namespace n where n.nspname in ('fhir', 'fhir_past') loop
        execute format('alter schema %I owner to %I', t.nspname, p_server);
    end loop;
    for t in select c.oid::regclass as name from pg_class c
             where c.relnamespace in ('fhir'::regnamespace, 'fhir_past'::regnamespace) and c.relkind = 'r' loop
        execute format('alter table %s owner to %I', t.name, p_server);
    end loop;
end $$;
