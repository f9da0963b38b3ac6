-- The release of FHIR whose resources the database holds: the tables of search rows and the rules of the bodies are that release's, so a server of
-- another one must not open it. Until now there was R4 only.
create table es.release (
    name text    not null,
    one  boolean not null primary key default true check (one)
);
insert into es.release (name) select 'R4' where exists (select from es.event);
