-- $1: tenant. $2: a type, or null for all. $3: how many live resources may be looked at. $4: how many sets of labels may differ.
-- Each set of profiles, security labels and tags that live resources have, once, as the JSON of the three; nulls as the only row if there are too
-- many resources. Search rows have the hashes of labels, from which nobody can tell the labels, so they are taken from the bodies.
with room as (
    select coalesce(sum(c.live), 0) <= $3 as is_enough from es.counter c where c.tenant = $1 and ($2::smallint is null or c.type = $2)
),
found as (
    select distinct (m.meta -> 'profile')::text as profile, (m.meta -> 'security')::text as security, (m.meta -> 'tag')::text as tag
    from es.stream s
    join es.event e on e.seq = s.seq
    cross join lateral (select e.body::json -> 'meta' as meta) m
    where s.tenant = $1 and ($2::smallint is null or s.type = $2) and s.version > 0 and not s.deleted and (select r.is_enough from room r)
    limit $4 + 1
)
select null::text, null::text, null::text from room r where not r.is_enough
union all
select f.profile, f.security, f.tag from found f
where f.profile is not null or f.security is not null or f.tag is not null
