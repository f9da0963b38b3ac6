-- Each finding: what is wrong, and the resource (type, id) and version where it is. All in one snapshot. $1: how many of each kind to show.
with lined as (
    select rid, version, seq, recorded_at, kind,
           lag(version) over w as before, lag(seq) over w as seq_before, lag(recorded_at) over w as recorded_before, lag(kind) over w as kind_before
    from es.event window w as (partition by rid order by version)
), head as (
    select distinct on (rid) rid, version, kind in (3, 5) as deleted, seq, recorded_at, digest from es.event order by rid, version desc
), finding as (
    (select 'the head differs from the newest event' as what, s.rid, s.version
     from es.stream s left join head h on h.rid = s.rid
     where (s.version, s.deleted, s.seq, s.updated, s.digest)
           is distinct from (coalesce(h.version, 0), coalesce(h.deleted, false), h.seq, h.recorded_at, h.digest)
     limit $1)
    union all
    (select 'the versions have a gap', rid, version from lined where version <> coalesce(before, 0) + 1 limit $1)
    union all
    (select 'a later version comes earlier in the log or in time', rid, version
     from lined where seq <= seq_before or recorded_at < recorded_before limit $1)
    union all
    (select 'the kind of the event does not follow from the one before', rid, version
     from lined where kind <> 5 and (kind in (1, 4)) <> (kind_before is null or kind_before in (3, 5))
     or kind = 5 and kind_before is distinct from 3 and kind_before is distinct from 5 limit $1)
    union all
    (select 'the body does not match its commitment', rid, version
     from es.event where sha256(salt || convert_to(coalesce(body, ''), 'UTF8')) <> body_commit limit $1)
    union all
    (select 'a delete has a body, or another event has none', rid, version
     from es.event where kind in (3, 5) and body is not null or kind not in (3, 5) and (body is null) <> (salt is null) limit $1)
    union all
    (select 'content is missing, and no erasure says so', rid, version
     from es.event e where salt is null
     and (kind = 5 or not exists (select from es.event l where l.rid = e.rid and l.version > e.version and l.kind = 5)) limit $1)
    union all
    (select 'content is there that was erased', rid, version
     from es.event e where salt is not null and kind <> 5
     and exists (select from es.event l where l.rid = e.rid and l.version > e.version and l.kind = 5) limit $1)
    union all
    (select 'the body carries another version', rid, version
     from es.event where position('"versionId":"' || version || '"' in body) = 0 limit $1)
    union all
    (select 'the digest is not that of the content', rid, version
     from (select rid, version, digest, body, '"versionId":"' || version || '","lastUpdated":"'
                  || to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"' as meta
           from es.event) e
     where digest is distinct from substr(encode(sha256(convert_to(
         overlay(body placing '' from greatest(position(meta in body), 1) for length(meta)), 'UTF8')), 'hex'), 1, 32)::uuid
     limit $1)
    union all
    (select 'the transaction is one of another database cluster', rid, version
     from es.event where xid >= pg_snapshot_xmax(pg_current_snapshot()) limit $1)
    union all
    (select 'the event belongs to no stream', e.rid, e.version
     from es.event e where not exists (select from es.stream s where s.rid = e.rid and s.type = e.type and s.tenant = e.tenant) limit $1)
)
select f.what, s.type, s.id, f.version from finding f left join es.stream s on s.rid = f.rid
union all
(select 'the maintained totals differ from the log', coalesce(c.type, e.type), null, null
 from (select tenant, type, sum(versions) as versions, sum(live) as live from es.counter group by tenant, type) c
 full join (select tenant, type, count(*) as versions, count(*) filter (where kind in (1, 4)) - count(*) filter (where kind = 3) as live
            from es.event group by tenant, type) e on e.tenant = c.tenant and e.type = c.type
 where (c.versions, c.live) is distinct from (e.versions, e.live) limit $1)
