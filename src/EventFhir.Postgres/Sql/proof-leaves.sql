-- What the leaves of a range of positions are made of. An event that is missing leaves a row of nulls.
select f.position, e.event_id, e.tenant, e.type, s.id, e.version, e.kind, e.recorded_at, e.tx_id, e.body_commit,
       e.seq, e.rid, e.schema_version, e.codec, e.fhir_version,
       e.actor, e.client, e.reason, e.correlation_id, e.on_behalf_of, e.purpose, e.source_address, e.trace,
       f.tenant, f.type
from es.feed f
left join es.event e on e.seq = f.seq
left join es.stream s on s.rid = e.rid
where f.position > $1 and f.position <= $2
order by f.position
