-- The event log and what belongs to it. docs/storage.md shows example rows.

-- Allocation order of events, drawn under the lock of the stream. CACHE 1: a cached block would hand out old numbers late.
create sequence es.seq as bigint cache 1;

-- One row per resource: identity, surrogate, and the head of its stream. Version 0: the key is referred to, but nothing was ever stored there.
-- No index on a column that changes with each version, so updates stay within the page (HOT); the fill factor leaves room for them.
create table es.stream (
    rid     bigint generated always as identity primary key,
    tenant  smallint    not null,
    type    smallint    not null,
    id      text        not null collate "C",
    version int         not null default 0,
    deleted boolean     not null default false,
    seq     bigint,
    updated timestamptz,
    digest  uuid,
    unique (tenant, type, id)
) with (fillfactor = 85);

-- Append-only. kind: 1 created (POST), 2 updated (PUT), 3 deleted, 4 created or brought back by an update (PUT).
-- body is exactly what reads return; null for a delete. body_commit = sha256(salt || body), so that a body can be erased and still be proven.
create table es.event (
    seq            bigint      not null,
    xid            xid8        not null default pg_current_xact_id(),
    rid            bigint      not null,
    recorded_at    timestamptz not null,
    version        int         not null,
    tenant         smallint    not null,
    type           smallint    not null,
    kind           smallint    not null,
    schema_version smallint    not null default 1,
    codec          smallint    not null default 0,
    event_id       uuid        not null,
    tx_id          uuid        not null,
    digest         uuid,
    fhir_version   text        not null,
    salt           bytea       not null,
    body_commit    bytea       not null,
    actor          text,
    client         text,
    reason         text,
    correlation_id text,
    body           text,
    primary key (seq)
) partition by range (seq);

-- History of a type in order.
create index event_of_type on es.event (tenant, type, seq);
-- Time bounds of histories: the log is nearly in time order, so a summary per block range is enough.
create index event_at on es.event using brin (recorded_at) with (autosummarize = on, pages_per_range = 32);

-- Retries of a group with the same key get the outcome of the first.
create table es.idempotency (
    tenant      smallint    not null,
    key         text        not null collate "C",
    tx_id       uuid        not null,
    recorded_at timestamptz not null default now(),
    types       smallint[]  not null default '{}',
    ids         text[]      not null default '{}',
    outcomes    smallint[]  not null default '{}',
    versions    int[]       not null default '{}',
    updated     timestamptz[] not null default '{}',
    primary key (tenant, key)
);

-- Maintained totals. Each connection has its own slot, so that writers do not wait for each other.
create table es.counter (
    tenant   smallint not null,
    type     smallint not null,
    slot     smallint not null,
    versions bigint   not null,
    live     bigint   not null,
    primary key (tenant, type, slot)
) with (fillfactor = 50);

-- Makes the partitions that the next events need: the one in use and the one after it.
create function es.ensure_partitions(p_size bigint) returns void language plpgsql as $$
declare
    reached bigint := (select last_value from es.seq);
    upto    bigint;
    name    text;
begin
    perform pg_advisory_xact_lock(hashtextextended('es.ensure_partitions', 0));
    select coalesce(max(substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''(\d+)''\)')::bigint), 0) into upto
    from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'es.event'::regclass;
    while upto <= reached + p_size loop
        name := 'event_' || to_char(upto, 'FM000000000000000');
        execute format('create table es.%I partition of es.event for values from (%s) to (%s)', name, upto, upto + p_size);
        -- Unique within the partition: the row lock keeps versions apart, this index would tell if it ever did not.
        execute format('create unique index on es.%I (rid, version)', name);
        upto := upto + p_size;
    end loop;
end $$;

-- lz4 compresses three times as cheaply as pglz; some builds of PostgreSQL lack it.
do $$ begin
    alter table es.event alter column body set compression lz4;
exception when feature_not_supported then null;
end $$;

select es.ensure_partitions(50000000);
