-- The newest version of a resource at or below a position of the feed. Found by the positions of its versions, which survive what the snapshots of
-- batches do not: a log that is restored into another cluster.
select e.version, e.kind, e.recorded_at, e.body
from es.stream s
join es.event e on e.rid = s.rid
join es.feed f on f.seq = e.seq and f.position <= $4
where s.tenant = $1 and s.type = $2 and s.id = $3
order by e.version desc
limit 1
