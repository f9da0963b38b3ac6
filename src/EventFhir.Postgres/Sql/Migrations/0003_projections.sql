-- Search projections live in a schema of their own, so that a rebuild can make a second set and swap by name.
create schema fhir;

-- Which types have tables, and by which layout they were made. A build with another layout asks for a rebuild.
create table fhir.layout (
    type        smallint    primary key,
    name        text        not null,
    fingerprint text        not null,
    created_at  timestamptz not null default now()
);
