-- $1: name, or null for all. How far behind: events of the whole feed, and the seconds since the next one was recorded.
select g.name, g.shards, c.shard, c.epoch, c.position, c.fence, c.owner, c.lease_until, c.lease_until > clock_timestamp(),
       s.position - c.position,
       coalesce(greatest(extract(epoch from clock_timestamp() - (
           select e.recorded_at from es.feed f join es.event e on e.seq = f.seq
           where f.position > c.position order by f.position limit 1)), 0), 0)::float8
from es.consumer_group g join es.consumer c on c.name = g.name cross join es.sequencer s
where $1::text is null or g.name = $1
order by g.name, c.shard
