select e.body from floor.head h join floor.event e on e.seq = h.seq where h.id = $1
