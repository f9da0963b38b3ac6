-- Search rows of past versions, one table beside each search table: "since" is the transaction that wrote the version, "until" the one that
-- superseded it. The tables are made with those of the type; tables from before ask for a rebuild, which fills both kinds from the log.
create schema fhir_past;
