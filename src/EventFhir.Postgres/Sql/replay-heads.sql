-- Heads and totals as the log has them. Run while no write is in flight.

-- A dump restored into another cluster brings transaction numbers that this one has yet to give. Whatever they were, they are over: 3 is the
-- first that a cluster gives, so every snapshot has seen it.
-- Only the owner of the log may do that; the server, which may not, has nothing to do here but after such a restore.
do $$ begin
    if exists (select from es.event where xid >= pg_snapshot_xmax(pg_current_snapshot())) then
        update es.event set xid = '3' where xid >= pg_snapshot_xmax(pg_current_snapshot());
    end if;
end $$;

with head as (
    select distinct on (rid) rid, version, kind in (3, 5) as deleted, seq, recorded_at, digest
    from es.event order by rid, version desc
)
update es.stream s
set version = coalesce(h.version, 0), deleted = coalesce(h.deleted, false), seq = h.seq, updated = h.recorded_at, digest = h.digest
from es.stream o left join head h on h.rid = o.rid
where o.rid = s.rid
  and (s.version, s.deleted, s.seq, s.updated, s.digest)
      is distinct from (coalesce(h.version, 0), coalesce(h.deleted, false), h.seq, h.recorded_at, h.digest);

delete from es.counter;

insert into es.counter (tenant, type, slot, versions, live)
select tenant, type, 0, count(*), count(*) filter (where kind in (1, 4)) - count(*) filter (where kind = 3)
from es.event group by tenant, type;
