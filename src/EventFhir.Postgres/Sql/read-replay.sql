-- Versions of a resource from one number on, oldest first, with what the log knows of each.
select e.version, e.kind, e.recorded_at, e.body, e.event_id, e.tx_id,
       e.actor, e.on_behalf_of, e.client, e.reason, e.purpose, e.correlation_id, e.source_address, e.trace,
       f.position, (select q.epoch from es.sequencer q)
from es.stream s
join es.event e on e.rid = s.rid and e.version >= $4
left join es.feed f on f.seq = e.seq
where s.tenant = $1 and s.type = $2 and s.id = $3
order by e.version
limit $5
