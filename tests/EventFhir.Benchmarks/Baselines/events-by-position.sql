select f.position, e.body from es.feed f join es.event e on e.seq = f.seq where f.position > $1 order by f.position limit 1000
