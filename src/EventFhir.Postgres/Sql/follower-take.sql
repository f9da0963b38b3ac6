-- $1: name, $2: version, $3: holder, $4: seconds. Takes the lease if nobody has it. Somebody who is at work holds the row: that is not waited for.
update es.follower f
set holder = $3, fence = f.fence + 1, lease_until = clock_timestamp() + make_interval(secs => $4)
where f.name = (
    select t.name from es.follower t
    where t.name = $1 and t.version = $2 and t.state = 1
      and (t.lease_until is null or t.lease_until < clock_timestamp() or t.holder = $3)
    for update skip locked)
returning f.fence
