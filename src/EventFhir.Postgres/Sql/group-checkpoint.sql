-- $1: name, $2: shard, $3: fence, $4 and $5: epoch and position, or null to stay; $6: seconds of lease, or 0 to give it back.
-- Positions go back only with the log itself, that is, in a later epoch.
update es.consumer c
set epoch = coalesce($4, c.epoch), position = coalesce($5, c.position),
    owner = case when $6 > 0 then c.owner end,
    lease_until = case when $6 > 0 then clock_timestamp() + make_interval(secs => $6) end,
    fence = case when $6 > 0 then c.fence else c.fence + 1 end
where c.name = $1 and c.shard = $2 and c.fence = $3
and ($4::int is null or c.epoch < $4 or (c.epoch = $4 and c.position <= $5))
returning c.shard, c.fence, c.epoch, c.position, c.lease_until
