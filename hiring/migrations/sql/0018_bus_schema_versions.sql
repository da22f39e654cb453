-- Events say which version of their type's schema their data are in.
alter table outbox.events add column schema_version smallint not null default 1;
alter table outbox.event_log add column schema_version smallint not null default 1;
-- Replay since an instant and prune by age: the log only grows at its end, so a summary of its blocks will do.
create index event_log_logged_at on outbox.event_log using brin (logged_at) with (pages_per_range = 32);
