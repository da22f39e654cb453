-- The bus. Rows leave the outbox when the relay moves them, in commit order of each aggregate, into the log.
alter table outbox.events add column correlation_id text;
-- The outbox is small and changes all the time: vacuum by count, never by share, and never sleep while doing it.
alter table outbox.events set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

create sequence outbox.event_seq;
create table outbox.event_log (
  seq bigint primary key default nextval('outbox.event_seq'),
  event_id uuid not null unique,
  type text not null,
  subject text not null,
  sequence bigint not null,
  data jsonb not null,
  occurred_at timestamptz not null,
  correlation_id text,
  logged_at timestamptz not null default now()
);
create table outbox.offsets (                      -- moved in the transaction of a consumer's effect
  consumer text primary key,
  seq bigint not null,
  moved_at timestamptz not null default now()
);
create table outbox.refused (                      -- events a consumer could not understand: kept, told, replayed by command
  consumer text not null,
  event_id uuid not null,
  seq bigint,
  reason text not null,
  refused_at timestamptz not null default now(),
  primary key (consumer, event_id)
);

grant delete on outbox.events to hiring_app;
grant select, insert, delete on outbox.event_log to hiring_app;
grant usage on sequence outbox.event_seq to hiring_app;
grant select, insert, update on outbox.offsets to hiring_app;
grant select, insert, update, delete on outbox.refused to hiring_app;
