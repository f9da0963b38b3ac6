-- What is kept in step with the log by each write comes first: it has everything that is in the feed. Then the followers.
select p.name, p.version, p.state, p.since, p.reason, p.failed_at, s.epoch, p.position,
       greatest(s.position - p.position, 0),
       coalesce(greatest(extract(epoch from clock_timestamp() - (
           select e.recorded_at from es.feed f join es.event e on e.seq = f.seq
           where f.position > p.position order by f.position limit 1)), 0), 0)::float8,
       p.holder, es.rebuild_runs(p.name), r.started_at, r.ended_at, r.done, r.reason
from es.sequencer s
cross join lateral (
    select 0 as place, 'search' as name, 0 as version, 1::smallint as state, null::timestamptz as since, null as reason, null::bigint as failed_at,
           s.position, null as holder
    union all
    select 1, f.name, f.version, f.state, f.since, f.reason, f.failed_at, f.position,
           case when f.lease_until > clock_timestamp() then f.holder end
    from es.follower f
) p
left join es.rebuild r on r.name = p.name
order by p.place, p.name
