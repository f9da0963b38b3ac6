-- Search parameters that clients define, what is done about them, and which of them every write has to extract.

-- One row for each definition of a SearchParameter resource; a changed definition is a new row, and the old one is dropped.
--   state: 1 waiting, 2 indexing, 3 usable, 4 dropping.
--   progress: the resources up to this rid have been gone through, in the state at hand.
create table es.search_parameter (
    id         int         generated always as identity primary key,
    rid        bigint      not null,
    owner      text        not null collate "C",
    url        text        not null,
    code       text        not null collate "C",
    type       text        not null,
    bases      text[]      not null,
    expression text        not null,
    targets    text[]      not null,
    state      smallint    not null,
    progress   bigint      not null default 0,
    done       bigint      not null default 0,
    total      bigint      not null default 0,
    changed_at timestamptz not null default now()
);

-- Which version of each SearchParameter resource has been taken up.
create table es.search_source (
    rid     bigint primary key,
    version int    not null
);

-- One row. generation: of the set that writes extract; a write with another one is refused and made anew.
-- revision: rises with every change of es.search_parameter but progress. seen: versions of SearchParameter resources taken up.
create table es.search_set (
    only_one   boolean primary key default true check (only_one),
    generation bigint not null,
    revision   bigint not null,
    seen       bigint not null
);
insert into es.search_set values (true, 0, 0, 0);

-- To follow es.append in the same transaction: by then its lock on es.stream is held, so the set cannot change before the transaction ends
-- (decision 7).
create function es.require_generation(p_generation bigint) returns void language plpgsql as $$
begin
    if (select s.generation from es.search_set s) <> p_generation then
        raise exception 'the search parameters have changed' using errcode = 'EF001';
    end if;
end $$;
