-- $1: name, $2: owner, $3: seconds. Takes the shard that has been free for longest.
update es.consumer c
set owner = $2, fence = c.fence + 1, lease_until = clock_timestamp() + make_interval(secs => $3)
where (c.name, c.shard) = (
    select f.name, f.shard from es.consumer f
    where f.name = $1 and (f.lease_until is null or f.lease_until < clock_timestamp())
    order by f.lease_until nulls first, f.shard limit 1
    for update skip locked)
returning c.shard, c.fence, c.epoch, c.position, c.lease_until
