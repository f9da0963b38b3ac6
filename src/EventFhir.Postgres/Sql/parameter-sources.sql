-- SearchParameter resources ($2: number of the type) that have changed since they were taken up, oldest event first.
select s.rid, s.id, s.version, case when s.deleted then null else e.body end
from es.stream s
join es.event e on e.seq = s.seq
left join es.search_source d on d.rid = s.rid
where s.tenant = $1 and s.type = $2 and s.version > 0 and d.version is distinct from s.version
order by s.seq
