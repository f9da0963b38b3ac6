-- Making the search rows of live resources anew, in place, while others read and write.

-- One row for each time that somebody asked for it.
--   types: the numbers of the resource types. state: 1 working, 2 done, 3 given up.
--   progress: the resources up to this rid have been gone through.
create table es.reindex_job (
    id         int         generated always as identity primary key,
    types      smallint[]  not null,
    state      smallint    not null default 1,
    progress   bigint      not null default 0,
    done       bigint      not null default 0,
    total      bigint      not null,
    started_at timestamptz not null default now(),
    ended_at   timestamptz
);

-- Of composite custom parameters: definition and expression of each component, in turn.
alter table es.search_parameter add column components text[] not null default '{}';
