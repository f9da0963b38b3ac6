-- $1: name, $2: shards, $3 and $4: epoch and position to begin after. Nothing happens if the group is there.
with made as (
    insert into es.consumer_group (name, shards) values ($1, $2) on conflict do nothing returning name
)
insert into es.consumer (name, shard, epoch, position)
select m.name, n, $3, $4 from made m, generate_series(1, $2) n
