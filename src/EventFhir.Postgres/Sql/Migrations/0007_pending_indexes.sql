-- An import makes the tables of a type that it meets first without the indexes that only searches use, and makes those when the rows are in.
-- The mark outlives a crash: the next start of a server or the end of the next import makes what is missing.
alter table fhir.layout add column indexed boolean not null default true;
