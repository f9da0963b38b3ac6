-- For rebuild and verify: what es.append tells the index statements, without writing events.

-- Sets es.rids to the given rids and es.refs to those of the reference keys; a key without a stream row gives null.
create function es.resolve(p_tenant smallint, p_rids bigint[], r_type smallint[], r_id text[]) returns void language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
begin
    perform set_config('es.rids', p_rids::text, true), set_config('es.refs', coalesce(array_agg(s.rid order by r.n), '{}')::text, true)
    from unnest(r_type, r_id) with ordinality r(type, id, n)
    left join es.stream s on s.tenant = p_tenant and s.type = r.type and s.id = r.id;
end $$;

-- The same, but a key without a stream row gets one.
create function es.refer(p_tenant smallint, p_rids bigint[], r_type smallint[], r_id text[]) returns void language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
begin
    insert into es.stream (tenant, type, id)
    select p_tenant, k.type, k.id
    from unnest(r_type, r_id) k(type, id)
    where not exists (select from es.stream s where s.tenant = p_tenant and s.type = k.type and s.id = k.id)
    order by k.type, k.id
    on conflict do nothing;
    perform es.resolve(p_tenant, p_rids, r_type, r_id);
end $$;
