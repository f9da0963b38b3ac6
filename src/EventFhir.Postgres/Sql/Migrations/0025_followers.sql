-- Followers (docs/operations.md): what is derived from the log by going through the feed. Effects and checkpoint change in one transaction.

--   version: of the program that made the effects; an older one is rebuilt, a newer one left alone.
--   state: 1 running, 2 paused by an operator, 3 stopped by an error. since: of the state.
--   reason, failed_at: why it stopped, and the position after which.
--   fence: goes up whenever the lease changes hands; whoever has an older one can move nothing.
create table es.follower (
    name        text        primary key collate "C",
    version     int         not null,
    position    bigint      not null default 0,
    state       smallint    not null default 1,
    since       timestamptz not null default clock_timestamp(),
    reason      text,
    failed_at   bigint,
    fence       bigint      not null default 0,
    holder      text,
    lease_until timestamptz
) with (fillfactor = 50);

-- The tree of proofs is one: its size is the position up to which it has gone.
insert into es.follower (name, version, position) select 'tree', 1, size from es.tree;
alter table es.tree drop column size;

-- The last rebuild of each projection. One that has not ended is under way as long as its advisory lock is held, else it was interrupted.
create table es.rebuild (
    name       text        primary key collate "C",
    started_at timestamptz not null,
    ended_at   timestamptz,
    done       bigint      not null default 0,
    reason     text
);

-- The advisory lock that a rebuild holds.
create function es.rebuild_key(p_name text) returns bigint language sql immutable as $$
    select hashtextextended(case p_name when 'search' then 'eventfhir.rebuild' else 'eventfhir.rebuild.' || p_name end, 0)
$$;

-- Whether somebody holds it now.
create function es.rebuild_runs(p_name text) returns boolean language sql volatile as $$
    select exists (
        select from pg_locks l
        where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
          and l.database = (select d.oid from pg_database d where d.datname = current_database())
          and (l.classid::bigint << 32) | l.objid::bigint = es.rebuild_key(p_name))
$$;
