drop schema if exists floor cascade;
create schema floor;
create table floor.event (
    seq bigint generated always as identity primary key,
    recorded timestamptz not null default now(),
    id text collate "C" not null,
    version int not null,
    body text compression lz4 not null
);
create table floor.head (
    id text collate "C" primary key,
    version int not null,
    seq bigint not null
);
create table floor.search (
    seq bigint primary key,
    patient bigint not null,
    date timestamptz not null,
    value float8 not null,
    terms bigint[] not null
);
create index on floor.search (patient, date);
create index on floor.search using gin (terms);
