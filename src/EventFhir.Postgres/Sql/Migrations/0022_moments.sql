-- What the log held at a position of the feed, for answers as of then (docs/time-travel.md); no row if the feed does not reach there.
--   r_position: the same, or if that is amid what was committed together, the last one before it.
--   r_snapshot: sees exactly the events at or below r_position. A batch has one for its end. For a position amid a batch it is that one without the
--   transactions that come after, as if they were still running. Null if they are more than p_max.
--   r_is_one: false if snapshots cannot tell what belongs to it, because the log was moved to where transactions are counted anew: after this
--   moment; or before it, and no rebuild has made the old numbers harmless since.
create function es.moment(p_position bigint, p_max int)
returns table (r_epoch int, r_position bigint, r_closed_at timestamptz, r_snapshot text, r_is_one boolean)
language plpgsql stable
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
    b      es.feed_batch;
    undone xid8[];
    amid   text;
begin
    r_epoch := (select s.epoch from es.sequencer s where s.id = 1);
    if p_position = 0 then
        return query select r_epoch, 0::bigint, ep.opened_at, '1:1:', true from es.epoch ep where ep.epoch = 1;
        return;
    end if;
    select * into b from es.feed_batch f where f.last_position >= p_position order by f.last_position limit 1;
    if not found then return; end if;
    r_is_one := not exists (
        select from es.epoch ep
        cross join lateral (select o.snapshot from es.feed_batch o where o.last_position <= ep.from_position order by o.last_position desc limit 1) o
        where pg_snapshot_xmax(o.snapshot) > pg_snapshot_xmax(coalesce(
            (select n.snapshot from es.feed_batch n where n.last_position > ep.from_position order by n.last_position limit 1),
            pg_current_snapshot()))
        and (ep.epoch > b.epoch or exists (
            select from (select e.xid from es.event e where e.seq <= ep.seq_floor order by e.seq desc limit 1000) e
            where e.xid >= pg_snapshot_xmax(b.snapshot))));
    r_closed_at := b.closed_at;
    r_position := p_position;
    r_snapshot := b.snapshot::text;
    if b.last_position > p_position then
        undone := array(
            select x.xid from (
                select distinct e.xid from es.feed f join es.event e on e.seq = f.seq where f.position > p_position and f.position <= b.last_position
                limit p_max + 1) x
            order by x.xid);
        -- Positions of one commit stand together, so only the next one's may have begun before. Where a rebuild has overwritten the numbers that
        -- another cluster gave (with 3), groups of commands are told apart instead.
        select case when e.xid = '3' then e.tx_id::text else e.xid::text end into amid
        from es.feed f join es.event e on e.seq = f.seq where f.position = p_position + 1;
        while r_position >= b.first_position and (
            select case when e.xid = '3' then e.tx_id::text else e.xid::text end
            from es.feed f join es.event e on e.seq = f.seq where f.position = r_position) = amid loop
            r_position := r_position - 1;
        end loop;
        r_snapshot := case when cardinality(undone) <= p_max then (
            select format('%s:%s:%s', least(pg_snapshot_xmin(b.snapshot), undone[1]), pg_snapshot_xmax(b.snapshot),
                          string_agg(r.xid::text, ',' order by r.xid))
            from (select unnest(undone) union select pg_snapshot_xip(b.snapshot)) r(xid))
        end;
    end if;
    return next;
end $$;
