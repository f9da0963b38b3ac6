-- $1: the epoch of a cursor. Epochs opened later have set the log back to where they began.
select s.epoch, s.position, coalesce((select f.position - 1 from es.feed f order by f.position limit 1), 0),
       coalesce((select min(e.from_position) from es.epoch e where e.epoch > $1), s.position),
       exists (select from es.epoch e where e.epoch = $1)
from es.sequencer s where s.id = 1
