-- Migration of a school's earlier system: what an import loaded, in which transactions, what it set aside; and the way back to that system.
create schema legacy;

create table legacy.imports (
  id uuid primary key,
  tenant_id uuid not null,
  folder text not null,
  digest text not null,                              -- sha256 over the log's files: a report reads what was loaded, or says it can't
  state text not null check (state in ('running', 'done', 'rolled_back')),
  started_at timestamptz not null,
  finished_at timestamptz
);
create unique index imports_running on legacy.imports (tenant_id) where state = 'running';

create table legacy.transactions (                   -- a row that none of them wrote last was changed by somebody else
  xid bigint primary key,
  import_id uuid not null references legacy.imports (id)
);
create index transactions_import on legacy.transactions (import_id);

create table legacy.loaded (                         -- each row of a log is loaded once
  tenant_id uuid not null,
  log_table text not null,
  source_id text not null,
  import_id uuid not null references legacy.imports (id),
  core_id uuid not null,
  primary key (tenant_id, log_table, source_id)
);
create index loaded_import on legacy.loaded (import_id);
create index loaded_core on legacy.loaded (core_id);

create table legacy.quarantine (
  import_id uuid not null references legacy.imports (id),
  log_table text not null,
  row_number integer not null,                       -- line of the file, the header is line 1
  source_id text,
  reason text not null,
  problem text not null,
  content jsonb not null,
  primary key (import_id, log_table, row_number)
);

create table legacy.windows (
  id uuid primary key,
  tenant_id uuid not null,
  folder text not null,
  snapshot text not null,                            -- pg_snapshot of the opening: what it does not see is told to the earlier system
  opened_at timestamptz not null,
  closed_at timestamptz
);
create unique index windows_open on legacy.windows (tenant_id) where closed_at is null;

create table legacy.feed (                           -- rows for the earlier system, in the order of their files
  seq bigint generated always as identity primary key,
  window_id uuid not null references legacy.windows (id),
  log_table text not null,
  row_id text not null,
  digest text not null,
  content jsonb not null,
  unique (window_id, log_table, row_id, digest)
);

grant usage on schema legacy to hiring_app;
grant select, insert, update on legacy.imports, legacy.windows to hiring_app;
grant select, insert on legacy.transactions, legacy.loaded, legacy.quarantine, legacy.feed to hiring_app;
