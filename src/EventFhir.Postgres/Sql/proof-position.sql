-- The place of a version of a resource in the feed.
select f.position
from es.stream s
join es.event e on e.rid = s.rid and e.version = $4
join es.feed f on f.seq = e.seq
where s.tenant = $1 and s.type = $2 and s.id = $3
