-- $1: name. Whether there is something to do, without a lock.
select f.version, f.state, f.position, s.position
from es.follower f, es.sequencer s
where f.name = $1
