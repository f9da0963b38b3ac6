-- The feed: every committed event gets a position, dense and final, after its commit. docs/feed.md says what readers may rely on.

-- Which events a transaction wrote. The sequencer asks for the transactions that have ended since its last pass.
create index event_xid on es.event (xid);

-- 1, 2, 3, … without a hole. tenant and type repeat those of the event, so that the feed of a type is found without the events of others.
create table es.feed (
    position bigint   primary key,
    seq      bigint   not null unique,
    tenant   smallint not null,
    type     smallint not null
);
create index feed_of_type on es.feed (tenant, type, position);

-- What was placed together. The events at or below last_position are exactly those that the snapshot sees (docs/feed.md, "Batches", has the rule
-- for logs that were restored). closed_at: the instants before it map to an earlier batch, for ever.
create table es.feed_batch (
    last_position  bigint      primary key,
    first_position bigint      not null,
    epoch          int         not null,
    closed_at      timestamptz not null unique,
    snapshot       pg_snapshot not null
);

-- A log that was restored, rewound or moved goes on in a new epoch: positions up to from_position are those of the epoch before.
-- seq_floor: all events up to it have been placed, whatever their xid says; the xids of another cluster mean nothing here.
create table es.epoch (
    epoch             int         primary key,
    from_position     bigint      not null,
    seq_floor         bigint      not null,
    system_identifier bigint      not null,
    timeline          bigint      not null,
    database          oid         not null,
    reason            text        not null,
    opened_at         timestamptz not null default clock_timestamp()
);

-- One row, locked by a pass before it takes its snapshot.
--   snapshot: what the last complete pass saw. closed_at: no batch will ever be closed at or before it. reached: es.seq before the last pass.
--   target …: a large difference is placed in several passes; all that target sees and snapshot does not, by the order of the log up to walked.
create table es.sequencer (
    id            int         primary key check (id = 1),
    epoch         int         not null,
    position      bigint      not null,
    snapshot      pg_snapshot not null,
    closed_at     timestamptz not null,
    reached       bigint      not null,
    started_at    timestamptz not null,
    target        pg_snapshot,
    target_seq    bigint,
    target_from   bigint,
    walked        bigint
) with (fillfactor = 50);

-- In memory, and right at once after a promotion, unlike the control file.
create function es.timeline() returns bigint language sql volatile as
$$ select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint $$;

create function es.database() returns oid language sql stable as $$ select oid from pg_database where datname = current_database() $$;

insert into es.epoch select 1, 0, 0, c.system_identifier, es.timeline(), es.database(), 'the log began', clock_timestamp() from pg_control_system() c;
insert into es.sequencer values (1, 1, 0, '3:3:', '-infinity', 0, pg_postmaster_start_time());

-- Is this the log that the epoch was opened for? A look at memory and one row; the control file is asked only after a restart.
create function es.is_moved(s es.sequencer) returns boolean language plpgsql volatile as $$
declare
    e es.epoch;
begin
    select * into e from es.epoch where epoch = s.epoch;
    return e.timeline <> es.timeline() or e.database <> es.database() or pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(s.snapshot)
        or (s.started_at <> pg_postmaster_start_time() and e.system_identifier <> (select c.system_identifier from pg_control_system() c));
end $$;

-- Opens an epoch. In the cluster that made the log, or a physical copy of it, the stored snapshot means what it meant. In another cluster it means
-- nothing: writes are stopped for a moment, every event that has no place gets one, and the log begins anew above the last number drawn.
create function es.open_epoch(p_reason text) returns int language plpgsql volatile as $$
declare
    s       es.sequencer;
    old     es.epoch;
    control bigint := (select c.system_identifier from pg_control_system() c);
    placed  bigint := 0;
    seen    pg_snapshot;
    "floor" bigint;
begin
    select * into strict s from es.sequencer where id = 1 for update;
    select * into strict old from es.epoch where epoch = s.epoch;
    "floor" := old.seq_floor;
    if old.system_identifier <> control or pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(s.snapshot) then
        perform set_config('lock_timeout', '10s', true);
        lock table es.stream in exclusive mode;
        with missing as (
            select e.seq, e.tenant, e.type, max(e.seq) over (partition by e.xid) as last
            from es.event e where not exists (select from es.feed f where f.seq = e.seq)
        ), inserted as (
            insert into es.feed (position, seq, tenant, type)
            select s.position + row_number() over (order by m.last, m.seq), m.seq, m.tenant, m.type from missing m
            returning 1
        )
        select count(*), pg_current_snapshot() into placed, seen from inserted;
        "floor" := greatest((select last_value from es.seq), (select max(seq) from es.event), 0);
        if "floor" > (select last_value from es.seq) then perform setval('es.seq', "floor"); end if;
        s.snapshot := seen;
        s.target := null;
    end if;
    s.closed_at := greatest(clock_timestamp(), s.closed_at + interval '1 microsecond');
    insert into es.epoch values (s.epoch + 1, s.position, "floor", control, es.timeline(), es.database(), p_reason, clock_timestamp());
    if placed > 0 then
        insert into es.feed_batch values (s.position + placed, s.position + 1, s.epoch + 1, s.closed_at, seen);
    end if;
    update es.sequencer
    set epoch = s.epoch + 1, position = s.position + placed, snapshot = s.snapshot, closed_at = s.closed_at, reached = greatest(s.reached, "floor"),
        started_at = pg_postmaster_start_time(), target = s.target
    where id = 1;
    perform pg_notify('eventfhir_feed', 'epoch');
    return s.epoch + 1;
end $$;

-- One pass of the sequencer: places what can be seen now and could not be seen by the pass before, ordered by the last number of each transaction.
-- A difference of more than p_max numbers is placed in several calls (r_more); all of a transaction comes in one. Any number of sessions may call
-- it at once. The proof is in docs/feed.md. Its statements must each have a snapshot of their own, hence READ COMMITTED.
create function es.sequence(p_max int default 10000)
returns table (r_epoch int, r_position bigint, r_placed bigint, r_more boolean)
language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set jit = off set max_parallel_workers_per_gather = 0
as $$
declare
    s      es.sequencer;
    drawn  bigint;
    after_ xid8;
    late   xid8[];
    "floor" bigint;
    placed bigint := 0;
    seen   pg_snapshot;
    latest timestamptz;
    upto   bigint;
    whole  boolean := true;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise 'es.sequence needs read committed' using errcode = 'invalid_transaction_state';
    end if;
    -- A look that locks and writes nothing, for the many times that nothing is new.
    select * into strict s from es.sequencer where id = 1;
    if s.target is null and s.started_at = pg_postmaster_start_time() and not es.is_moved(s) then
        after_ := pg_snapshot_xmax(s.snapshot);
        late := array(select pg_snapshot_xip(s.snapshot));
        select ep.seq_floor into "floor" from es.epoch ep where ep.epoch = s.epoch;
        perform from es.event e where e.xid >= after_ and e.xid < pg_snapshot_xmax(pg_current_snapshot()) and e.seq > "floor" limit 1;
        if not found then
            perform from es.event e where e.xid = any (late) and e.seq > "floor" limit 1;
        end if;
        if not found then
            return query select s.epoch, s.position, 0::bigint, false;
            return;
        end if;
    end if;

    -- The lock first; every statement after it has a later snapshot.
    select * into strict s from es.sequencer where id = 1 for update;
    if es.is_moved(s) then
        perform es.open_epoch('the database was restored, rewound, copied or promoted');
        select * into strict s from es.sequencer where id = 1;
    elsif s.started_at <> pg_postmaster_start_time() then
        update es.sequencer set started_at = pg_postmaster_start_time() where id = 1;
    end if;
    select ep.seq_floor into "floor" from es.epoch ep where ep.epoch = s.epoch;
    after_ := pg_snapshot_xmax(s.snapshot);
    late := array(select pg_snapshot_xip(s.snapshot));
    drawn := (select last_value from es.seq);

    if s.target is null and drawn - s.reached <= p_max then
        with ended as materialized (
            select e.seq, e.xid, e.tenant, e.type, e.recorded_at from es.event e
            where e.xid >= after_ and e.xid < pg_snapshot_xmax(pg_current_snapshot()) and e.seq > "floor"
            union all
            select e.seq, e.xid, e.tenant, e.type, e.recorded_at from es.event e where e.xid = any (late) and e.seq > "floor"
        ), inserted as (
            insert into es.feed (position, seq, tenant, type)
            select s.position + row_number() over (order by t.last, t.seq), t.seq, t.tenant, t.type
            from (select e.*, max(e.seq) over (partition by e.xid) as last from ended e) t
            returning 1
        )
        -- The scan above and this have one snapshot, being one statement.
        select (select count(*) from inserted), (select max(e.recorded_at) from ended e), pg_current_snapshot() into placed, latest, seen;
        s.target_from := s.position;
        -- Not later than needed, so that the instant at which a version was recorded shows it; and never before what the batch holds.
        latest := least(latest, clock_timestamp());
    else
        if s.target is null then
            select pg_current_snapshot(), (select last_value from es.seq) into s.target, s.target_seq;
            s.target_from := s.position;
            s.walked := case when s.position = 0 then "floor" else least(
                (select min(e.seq) from es.event e where e.xid >= after_ and e.xid < pg_snapshot_xmax(s.target) and e.seq > "floor"),
                (select min(e.seq) from es.event e where e.xid = any (late) and e.seq > "floor")) - 1 end;
        end if;
        upto := (select max(w.seq) from (select e.seq from es.event e where e.seq > s.walked order by e.seq limit p_max) w);
        -- The transactions whose last number lies in this stretch of the log, with all they wrote, also before it.
        with met as materialized (
            select distinct e.xid from es.event e
            where e.seq > s.walked and e.seq <= upto and e.seq > "floor" and pg_visible_in_snapshot(e.xid, s.target)
            and not pg_visible_in_snapshot(e.xid, s.snapshot)
        ), ended as materialized (
            select e.seq, e.xid, e.tenant, e.type
            from met m join es.event e on e.xid = m.xid and e.seq > "floor"
            where not exists (select from es.event l where l.xid = m.xid and l.seq > upto)
        ), inserted as (
            insert into es.feed (position, seq, tenant, type)
            select s.position + row_number() over (order by t.last, t.seq), t.seq, t.tenant, t.type
            from (select e.*, max(e.seq) over (partition by e.xid) as last from ended e) t
            returning 1
        )
        select count(*) into placed from inserted;
        s.walked := upto;
        whole := upto is null or upto >= s.target_seq;
        seen := s.target;
        latest := clock_timestamp();
    end if;

    s.position := s.position + placed;
    if not whole then
        update es.sequencer
        set position = s.position, target = s.target, target_seq = s.target_seq, target_from = s.target_from, walked = s.walked where id = 1;
    elsif s.position > s.target_from or s.target is not null then
        s.closed_at := greatest(latest, s.closed_at + interval '1 microsecond');
        if s.position > s.target_from then
            insert into es.feed_batch values (s.position, s.target_from + 1, s.epoch, s.closed_at, seen);
        end if;
        update es.sequencer set position = s.position, snapshot = seen, closed_at = s.closed_at, reached = drawn, target = null where id = 1;
    end if;
    if placed > 0 then perform pg_notify('eventfhir_feed', s.position::text); end if;
    return query select s.epoch, s.position, placed, not whole;
end $$;

-- The last position of the batches that were closed by an instant; 0 if there was none. From the first answer on it is the same for ever, since an
-- instant after the last batch is written down before it is answered: no batch is closed at or before it any more. Null for the future.
create function es.position_at(p_instant timestamptz) returns bigint language plpgsql volatile as $$
begin
    if p_instant > (select s.closed_at from es.sequencer s where s.id = 1) then
        if p_instant > clock_timestamp() then return null; end if;
        -- What was acknowledged before the question belongs to its answer.
        perform es.sequence();
        update es.sequencer s set closed_at = p_instant where s.id = 1 and s.closed_at < p_instant;
    end if;
    return coalesce((select b.last_position from es.feed_batch b where b.closed_at <= p_instant order by b.closed_at desc limit 1), 0);
end $$;
