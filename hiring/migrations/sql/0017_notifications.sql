-- Deliveries are claimed under a lease. `skipped`: nobody was to be told (no address, not wanted); it is no failure.
alter table notifications.deliveries
  add column category text not null,
  add column tenant_id uuid,
  add column application_id uuid,
  add column locale text,                          -- of the text that was sent
  add column leased_until timestamptz,
  drop constraint deliveries_state_check,
  add constraint deliveries_state_check check (state in ('ready', 'sending', 'sent', 'skipped', 'dead'));
-- What waits is a small and busy part of the table: its index holds nothing else, and is swept by count.
create index deliveries_waiting on notifications.deliveries (channel, due_at, id) where state in ('ready', 'sending');
create index deliveries_dead on notifications.deliveries (id) where state = 'dead';
create index deliveries_told on notifications.deliveries (application_id, template, recipient);
alter table notifications.deliveries
  set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

create table notifications.preferences (           -- no row: e-mail yes, other channels no
  recipient text not null,                         -- an id, never an address
  channel text not null check (channel in ('email', 'sms', 'push')),
  category text not null,
  is_wanted boolean not null,
  token_hash text,                                 -- sha256 of the unsubscribe token it was set by; null: set by the person's sign-in or staff
  updated_at timestamptz not null default now(),
  primary key (recipient, channel, category)
);
grant select, insert, update, delete on notifications.preferences to hiring_app;
