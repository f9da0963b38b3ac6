-- Names the release of a database that has none yet; returns the one it has. The update changes nothing: it makes a row that is there come back.
insert into es.release (name) values ($1)
on conflict (one) do update set name = es.release.name
returning name
