create schema notifications;
create table notifications.deliveries (
  id uuid primary key,
  event_id uuid not null,
  channel text not null check (channel in ('email', 'sms', 'push')),
  recipient text not null,                         -- an id, never an address
  template text not null,
  state text not null default 'ready' check (state in ('ready', 'sending', 'sent', 'dead')),
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  sent_at timestamptz,
  error text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  unique (event_id, channel, recipient)
);

create schema outbox;
create table outbox.events (
  id bigint generated always as identity primary key,
  event_id uuid not null unique,
  type text not null,
  subject text not null,                           -- application:<id>, job:<id>, …
  sequence bigint not null,                        -- the aggregate's version
  data jsonb not null,                             -- ids and codes, no personal data
  occurred_at timestamptz not null default now()
);

create schema insights;
create table insights.saved_views (
  id uuid primary key, tenant_id uuid, owner_id uuid not null, name text not null, definition jsonb not null,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now()
);
create table insights.alert_rules (
  id uuid primary key, tenant_id uuid, owner_id uuid not null, name text not null, definition jsonb not null,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now()
);
create table insights.alert_events (
  id uuid primary key, tenant_id uuid, rule_id uuid not null references insights.alert_rules (id), value jsonb not null,
  created_at timestamptz not null default now()
);
create table insights.targets (
  id uuid primary key, tenant_id uuid, owner_id uuid not null, definition jsonb not null,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now()
);
create table insights.receipts (
  id text primary key,                             -- short, unguessable
  tenant_scope text not null,                      -- digest of the scope it was made under
  value jsonb not null,
  created_at timestamptz not null default now()
);
