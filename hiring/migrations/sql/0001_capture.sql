-- Change capture: what lets the warehouse read every committed change exactly once, whatever the commit order.
-- Every captured table carries `_xid` (the transaction that last wrote the row) and leaves a tombstone on DELETE and TRUNCATE.
create schema if not exists capture;

create table capture.tombstones (
  id bigint generated always as identity primary key,
  table_name text not null,                       -- schema.table
  row_id uuid,                                    -- null: the whole table was truncated
  kind text not null check (kind in ('delete', 'truncate')),
  deleted_at timestamptz not null default clock_timestamp(),
  _xid xid8 not null default pg_current_xact_id()
);
create index tombstones_xid on capture.tombstones (_xid);

create function capture.stamp_xid() returns trigger language plpgsql as $$
begin
  new._xid := pg_current_xact_id();
  return new;
end $$;

create function capture.record_delete() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
  insert into capture.tombstones (table_name, row_id, kind)
  select tg_table_schema || '.' || tg_table_name, gone.id, 'delete' from gone;
  return null;
end $$;

create function capture.record_truncate() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
  insert into capture.tombstones (table_name, row_id, kind)
  values (tg_table_schema || '.' || tg_table_name, null, 'truncate');
  return null;
end $$;

-- An update that changes a primary key is refused: the old key would vanish without a tombstone.
create function capture.refuse_key_change() returns trigger language plpgsql as $$
begin
  raise exception 'id of %.% cannot be changed', tg_table_schema, tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

create function capture.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'insufficient_privilege';
end $$;

create procedure capture.enable(target regclass) language plpgsql as $$
declare
  base text := (select relname from pg_class where oid = target);
begin
  execute format('alter table %s add column _xid xid8 not null default pg_current_xact_id()', target);
  execute format('create index %I on %s (_xid)', base || '_xid', target);
  execute format('create trigger stamp_xid before insert or update on %s for each row execute function capture.stamp_xid()', target);
  execute format('create trigger refuse_key_change before update on %s for each row when (old.id is distinct from new.id) execute function capture.refuse_key_change()', target);
  execute format('create trigger record_delete after delete on %s referencing old table as gone for each statement execute function capture.record_delete()', target);
  execute format('create trigger record_truncate after truncate on %s for each statement execute function capture.record_truncate()', target);
end $$;

create procedure capture.append_only(target regclass) language plpgsql as $$
begin
  execute format('create trigger append_only before update or delete on %s for each statement execute function capture.refuse_change()', target);
end $$;
