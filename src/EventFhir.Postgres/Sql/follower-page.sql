-- $1: name, $2: version, $3: fence, $4: events of a page. Holds the row until the transaction ends; nothing if the lease is somebody else's by now.
select f.position, least(s.position, f.position + $4), s.position
from es.follower f, es.sequencer s
where f.name = $1 and f.version = $2 and f.fence = $3 and f.state = 1
for update of f
