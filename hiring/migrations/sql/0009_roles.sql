-- Two group roles without login; the operator makes login users in them. Roles belong to the server: several databases may share them.
do $$
declare name text;
begin
  foreach name in array array['hiring_app', 'warehouse_reader'] loop
    begin
      if not exists (select 1 from pg_roles where rolname = name) then
        execute format('create role %I nologin nosuperuser nocreatedb nocreaterole', name);
      end if;
    exception when duplicate_object or unique_violation then null;  -- another database of this server was faster
    end;
  end loop;
end $$;

-- hiring_app: the API. Rows of event tables can be added and never changed; self-identification answers can't be changed either.
grant usage on schema identity, jobs, candidates, applications, assessments, equity, notifications, outbox, insights to hiring_app;
grant select, insert, update, delete on all tables in schema identity, jobs, candidates, applications, assessments, notifications, insights to hiring_app;
revoke update, delete on jobs.job_status_events, applications.stage_events, applications.employment_outcomes from hiring_app;
grant select, insert on equity.responses, equity.invitations to hiring_app;
grant select, insert on outbox.events to hiring_app;
grant select on public.alembic_version to hiring_app;

-- warehouse_reader: extraction. Captured tables only, column by column, never a personal one.
grant usage on schema identity, jobs, candidates, applications, assessments, equity, capture to warehouse_reader;
grant select on capture.tombstones, equity.responses, equity.invitations to warehouse_reader;
do $$
declare
  personal text[] := array['candidates.given_name', 'candidates.family_name', 'candidates.email_encrypted', 'candidates.email_hash',
                           'candidates.phone_encrypted', 'touches.utm', 'postings.url'];
  captured record;
begin
  for captured in
    select c.oid, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind = 'r'
      and exists (select 1 from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'stamp_xid')
      and not (c.relname || '.' || a.attname = any (personal))
    group by c.oid
  loop
    execute format('grant select (%s) on %s to warehouse_reader', captured.columns, captured.oid::regclass);
  end loop;
end $$;
