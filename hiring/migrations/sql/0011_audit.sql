-- Audit log: rows are added and never changed, by anybody. prev_hash and row_hash are for the chain that links the rows.
create schema audit;

create table audit.events (
  seq bigint generated always as identity primary key,
  at timestamptz not null,
  actor text not null,                              -- id of a user or API key, or a part of the platform
  actor_type text not null check (actor_type in ('person', 'service', 'system')),
  actor_ip inet,
  session_id text,
  db_user text not null,
  tenant_id text,
  action text not null,
  object_type text not null,
  object_id text,
  subject_ref text,                                 -- pseudonym of the person whose data was touched
  reason text,
  request_id text,
  outcome text not null check (outcome in ('ok', 'denied', 'error')),
  rows_affected bigint,
  before jsonb,
  after jsonb,
  prev_hash text,
  row_hash text
);

create function audit.stamp() returns trigger language plpgsql as $$
begin
  new.at := clock_timestamp();
  new.db_user := session_user;
  return new;
end $$;

create function audit.deny() returns trigger language plpgsql as $$
begin
  raise exception 'audit.events is append-only';
end $$;

create trigger a_stamp before insert on audit.events for each row execute function audit.stamp();
create trigger b_deny before update or delete on audit.events for each row execute function audit.deny();
create trigger b_deny_truncate before truncate on audit.events for each statement execute function audit.deny();

grant usage on schema audit to hiring_app, warehouse_reader;
grant insert on audit.events to hiring_app;
grant select (seq, at) on audit.events to hiring_app;

-- Years whose survey answers an unexpired audit still needs: the deletion below leaves them.
create function audit.equity_years_held() returns setof integer
language sql stable security definer set search_path = pg_catalog as $$
  select distinct (after ->> 'year')::integer
  from audit.events
  where action = 'equity.audit_pack' and outcome = 'ok' and (after ->> 'expires_on')::date >= (clock_timestamp() at time zone 'UTC')::date
$$;

-- The only way survey answers are deleted: by their keyed hash, with a row of the log in the same transaction.
create function equity.delete_released(keys text[]) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
  answers bigint;
  invited bigint;
begin
  delete from equity.responses where dei_key = any (keys);
  get diagnostics answers = row_count;
  delete from equity.invitations where dei_key = any (keys);
  get diagnostics invited = row_count;
  insert into audit.events (actor, actor_type, action, object_type, reason, outcome, rows_affected)
  values ('pipeline', 'system', 'equity.retention_purge', 'equity_responses', 'released 30 days ago or longer', 'ok', answers + invited);
  return answers + invited;
end $$;

revoke all on function audit.equity_years_held(), equity.delete_released(text[]) from public;
grant execute on function audit.equity_years_held(), equity.delete_released(text[]) to warehouse_reader;
