-- Whether heads or totals are not what the log says, or there are transaction numbers that this cluster has yet to give. A write changes log, head
-- and total together, so in one snapshot they agree whatever is under way.
with head as (
    select distinct on (rid) rid, version, kind in (3, 5) as deleted, seq, recorded_at, digest
    from es.event order by rid, version desc
), told as (
    select tenant, type, count(*) as versions, count(*) filter (where kind in (1, 4)) - count(*) filter (where kind = 3) as live
    from es.event group by tenant, type
), kept as (
    select tenant, type, sum(versions) as versions, sum(live) as live from es.counter group by tenant, type
)
select exists (
        select from es.stream s left join head h on h.rid = s.rid
        where (s.version, s.deleted, s.seq, s.updated, s.digest)
              is distinct from (coalesce(h.version, 0), coalesce(h.deleted, false), h.seq, h.recorded_at, h.digest))
    or exists (
        select from told full join kept using (tenant, type)
        where (coalesce(told.versions, 0), coalesce(told.live, 0)) is distinct from (coalesce(kept.versions, 0), coalesce(kept.live, 0)))
    or exists (select from es.event where xid >= pg_snapshot_xmax(pg_current_snapshot()))
