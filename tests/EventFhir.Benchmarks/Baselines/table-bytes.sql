select n.nspname || '.' || c.relname, pg_table_size(c.oid), pg_indexes_size(c.oid)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and pg_total_relation_size(c.oid) > 65536
order by pg_total_relation_size(c.oid) desc
