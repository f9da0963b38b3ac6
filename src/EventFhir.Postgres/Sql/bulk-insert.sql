-- Complete rows, in the order given, which is key order. The unique index decides who was first, and makes us wait for others in flight.
insert into es.stream (tenant, type, id, version, deleted, seq, updated, digest)
select $1, k.type, k.id, 1, false, nextval('es.seq'), $2, k.digest
from unnest($3::smallint[], $4::text[], $5::uuid[]) k(type, id, digest)
returning rid, seq
