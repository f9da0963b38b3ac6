drop schema if exists baseline cascade;
create schema baseline;
create table baseline.event (
    seq bigint generated always as identity primary key,
    recorded timestamptz not null default now(),
    type text not null,
    id text collate "C" not null,
    version int not null,
    body text compression lz4 not null,
    unique (id, version)
);
create table baseline.head (
    id text collate "C" primary key,
    version int not null,
    seq bigint not null
);
