select 'server_version', current_setting('server_version') union all
(select name, current_setting(name) from pg_settings
where source not in ('default', 'override', 'client', 'session') and name !~ '^(log_|lc_|unix_socket|data_directory|config_file|TimeZone|DateStyle|default_text)'
order by name)
