-- The feed against the log: what is wrong, and the resource (type, id) and version where it is. $1: how many of each kind to show.
-- What the tree does not have yet is compared here too; that an event is the one that was placed, only the tree can tell.
with finding as (
    (select 'an event has no position in the feed' as what, e.rid, e.version
     from es.event e, es.sequencer s
     where s.target is null and (pg_visible_in_snapshot(e.xid, s.snapshot) or e.seq <= (select max(seq_floor) from es.epoch))
     and not exists (select from es.feed f where f.seq = e.seq)
     limit $1)
    union all
    (select 'position ' || f.position || ' of the feed says another type than its event', e.rid, e.version
     from es.feed f join es.event e on e.seq = f.seq where (f.tenant, f.type) is distinct from (e.tenant, e.type)
     order by f.position limit $1)
    union all
    (select 'position ' || f.position || ' of the feed has no event', null, null
     from es.feed f where not exists (select from es.event e where e.seq = f.seq)
     order by f.position limit $1)
    union all
    (select 'the feed has a gap before position ' || f.position, null, null
     from (select position, lag(position, 1, 0::bigint) over (order by position) as before from es.feed) f where f.position <> f.before + 1
     order by f.position limit $1)
    union all
    (select 'the feed has another end than the sequencer', null, null
     from es.sequencer s where s.position <> coalesce((select max(position) from es.feed), 0))
    union all
    (select 'the batches of the feed have a gap or go back in time', null, null
     from (select first_position, last_position, closed_at, lag(last_position, 1, 0::bigint) over w as before, lag(closed_at) over w as closed_before
           from es.feed_batch window w as (order by last_position)) b
     where b.first_position <> b.before + 1 or b.closed_at <= b.closed_before
     limit $1)
)
select f.what, s.type, s.id, f.version from finding f left join es.stream s on s.rid = f.rid
