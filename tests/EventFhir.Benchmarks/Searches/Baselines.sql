-- B6: each search by hand, on the server's own tables, in the best form found: first the page by surrogate, then the bodies of the page alone.
-- {bodies} joins the page p to its ids and bodies. Other holes are names of tables and columns.

-- # bodies
es.stream s on s.rid = p.rid join es.event e on e.seq = s.seq

-- # identifier
select s.id, e.body from fhir.ident_patient p join {bodies} where p.hash = $1 order by p.rid limit 20

-- # patient-code-date
with p as (
    select rid, date_lo from fhir.x_observation
    where subject = (select rid from es.stream where tenant = 0 and type = $1 and id = $2) and terms @> array[$3]
      and date_lo >= $4 and date_lo < $5
    order by date_lo desc, rid limit 20)
select s.id, e.body from p join {bodies} order by p.date_lo desc, p.rid

-- # terms
with m as materialized (select rid from {table} where terms @> array[$1]), p as (select rid from m order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # terms-walk
with p as (select rid from {table} where terms @> array[$1] order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # terms-page
with p as (select rid from fhir.x_observation where terms @> array[$1] and rid > $2 order by rid limit 100)
select s.id, p.rid, e.body from p join {bodies} order by p.rid

-- # terms-count
select count(*)::text from fhir.x_observation where terms @> array[$1]

-- # terms-total
with m as materialized (select rid from fhir.x_observation where terms @> array[$1]), p as (select rid from m order by rid limit 20)
select s.id, (select count(*) from m), e.body from p join {bodies} order by p.rid

-- # terms-any
with m as materialized (select rid from fhir.x_observation where terms && $1), p as (select rid from m order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # range
with p as (select rid from {table} where {column}_lo >= $1 and {column}_lo < $2 and {column}_hi <= $2 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # ends-after
with p as (select rid from {table} where {column}_hi > $1 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # starts-before
with p as (select rid from {table} where {column}_lo < $1 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # starts-from
with p as (select rid from {table} where {column}_lo >= $1 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # ends-before
with p as (select rid from {table} where {column}_hi <= $1 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # ends-after-or-starts-from
with p as (select rid from {table} where {column}_hi > $1 and ({column}_hi > $2 or {column}_lo >= $1) order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # starts-before-or-ends-until
with p as (select rid from {table} where {column}_lo < $2 and ({column}_lo < $1 or {column}_hi <= $2) order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # prefix
with p as (
    select distinct rid from {table} where parameter = $1 and left(normalized, 200) >= $2 and left(normalized, 200) < $3 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # contains
with p as (select distinct rid from {table} where parameter = $1 and exact <> '' and position($2 in normalized) > 0 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # quantity
with p as (
    select rid from fhir.x_observation
    where value_quantity_unit = $1 and value_quantity_canonical >= $2 and value_quantity_canonical < $3 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # code-quantity
with p as (select rid from fhir.x_observation where terms @> array[$1] and value_quantity > $2 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # component-quantity
with p as (select distinct rid from fhir.num_observation where hash = $1 and high > $2 order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # reference
with p as (
    select rid from fhir.x_observation where encounter = (select rid from es.stream where tenant = 0 and type = $1 and id = $2) order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # chained
with p as (
    select rid from fhir.x_observation
    where subject in (select rid from fhir.str_patient where parameter = $1 and left(normalized, 200) >= $2 and left(normalized, 200) < $3)
      and terms @> array[$4]
    order by rid limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # has
with p as (
    select distinct o.subject as rid from fhir.x_observation o join es.stream t on t.rid = o.subject and t.type = $2 and t.version > 0 and not t.deleted
    where o.terms @> array[$1] order by 1 limit 20)
select s.id, e.body from p join {bodies} order by p.rid

-- # include
with m as materialized (
    select rid, requester, encounter from fhir.x_medicationrequest
    where subject = (select rid from es.stream where tenant = 0 and type = $1 and id = $2) order by rid limit 20),
p as (select rid from m union select requester from m union select encounter from m)
select s.id, e.body from p join {bodies} and s.version > 0 and not s.deleted

-- # revinclude
with m as (select rid from es.stream where tenant = 0 and type = $1 and id = $2),
p as (select rid from m union all select o.rid from fhir.x_observation o where o.subject = (select rid from m))
select s.id, e.body from p join {bodies}

-- # updated-since
with p as (
    select e.rid, e.seq, e.body from es.event e join es.stream s on s.rid = e.rid and s.seq = e.seq and not s.deleted
    where e.tenant = 0 and e.type = $1 and e.recorded_at > $2 order by e.recorded_at desc, e.rid limit 20)
select s.id, p.body from p join es.stream s on s.rid = p.rid

-- # harvest
select e.body from es.stream s join es.event e on e.seq = s.seq
where s.tenant = 0 and s.type = $1 and s.version > 0 and not s.deleted order by md5(s.id) limit $2

-- # sample
(select e.body from es.stream s join es.event e on e.seq = s.seq
 where s.tenant = 0 and s.type = $1 and s.version > 0 and not s.deleted order by s.rid desc limit $2)
union
(select e.body from es.stream s join es.event e on e.seq = s.seq
 where s.tenant = 0 and s.type = $1 and s.version > 0 and not s.deleted order by md5(s.id) limit $2)

-- # harvest-times
select recorded_at from es.event where tenant = 0 and type = $1 order by seq desc limit 5000


-- # size
select (select coalesce(sum(live), 0)::bigint from es.counter),
       coalesce((select avg(octet_length(body)) from es.event tablesample system (1)), 0)::float8
