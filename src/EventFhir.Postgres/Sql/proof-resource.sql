-- All versions of a resource, with what proves them.
select f.position, e.event_id, e.tenant, e.type, s.id, e.version, e.kind, e.recorded_at, e.tx_id, e.body_commit,
       e.seq, e.rid, e.schema_version, e.codec, e.fhir_version,
       e.actor, e.client, e.reason, e.correlation_id, e.on_behalf_of, e.purpose, e.source_address, e.trace,
       e.salt, e.body
from es.stream s
join es.event e on e.rid = s.rid
left join es.feed f on f.seq = e.seq
where s.tenant = $1 and s.type = $2 and s.id = $3
order by e.version
