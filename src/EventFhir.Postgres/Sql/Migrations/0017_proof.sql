-- The Merkle tree over the feed (docs/proof.md): leaf n - 1 is the event at position n.

-- One row: the name of the log, which is in all its checkpoints and keys, and how far the tree has grown. Whoever makes it grow locks the row.
create table es.tree (
    id        int    primary key check (id = 1),
    name      text   not null,
    size      bigint not null,
    signed_at timestamptz
);
insert into es.tree values (1, 'eventfhir/' || replace(gen_random_uuid()::text, '-', ''), 0, null);

-- 256 hashes of a level beside each other; fewer in the last tile of a level, which is replaced as it fills.
create table es.tile (
    level  smallint not null,
    number bigint   not null,
    hashes bytea    not null,
    primary key (level, number)
);
-- Hashes cannot be compressed.
alter table es.tile alter column hashes set storage external;

-- Signed notes. The size is in the note as well.
create table es.checkpoint (
    size bigint primary key,
    note text   not null
);

-- Public keys that the log has signed with, in the form "name+id+key".
create table es.proof_key (
    line text primary key
);
