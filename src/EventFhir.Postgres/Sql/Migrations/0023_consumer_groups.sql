-- Groups of consumers that share the feed (docs/feed.md). Each shard has its own checkpoint, and at most one consumer at a time: whoever has the
-- newest fence. A lease that has run out may be taken; whoever had it is refused from then on, by its fence.
create table es.consumer_group (
    name       text        primary key collate "C",
    shards     int         not null check (shards > 0),
    created_at timestamptz not null default clock_timestamp()
);

create table es.consumer (
    name        text        not null collate "C" references es.consumer_group on delete cascade,
    shard       int         not null,
    epoch       int         not null,
    position    bigint      not null,
    fence       bigint      not null default 0,
    owner       text,
    lease_until timestamptz,
    primary key (name, shard)
) with (fillfactor = 70);
