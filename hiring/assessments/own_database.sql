-- What assessments need around their schema where they have a database of their own: the roles, and an outbox for their events.
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

create schema outbox;
create table outbox.events (
  id bigint generated always as identity primary key,
  event_id uuid not null unique,
  type text not null,
  subject text not null,
  sequence bigint not null,
  data jsonb not null,
  occurred_at timestamptz not null default now()
);
