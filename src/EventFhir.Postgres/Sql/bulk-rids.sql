select s.rid
from unnest($2::smallint[], $3::text[]) with ordinality k(type, id, n)
join es.stream s on s.tenant = $1 and s.type = k.type and s.id = k.id
order by k.n
