-- The hire saga: one row a hire under way, moved step by step by the worker. A waiting one is due when its offer expires.
create schema hire_saga;

create table hire_saga.sagas (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  job_id uuid not null,
  opening_id uuid,                                 -- null until one is reserved
  offer_id uuid not null unique,                   -- chosen at the start, so that a reservation can name it
  agency_id uuid,                                  -- null: no agency submitted the application
  step text not null check (step in ('reserve_opening', 'send_offer', 'await_answer', 'fill_opening', 'notify_agency')),
  direction text not null default 'forward' check (direction in ('forward', 'back')),
  state text not null default 'processing' check (state in ('processing', 'waiting', 'stuck', 'completed', 'compensated')),
  attempts smallint not null default 0,            -- failures of the present step
  due_at timestamptz not null,
  expires_at timestamptz,                          -- until when the offer can be answered
  error text,                                      -- a code
  signal text,                                     -- accepted, or why the saga goes back
  terms jsonb not null,                            -- what is offered, and the answer; never extracted
  started_by uuid not null,
  correlation_id text,                             -- of the request that started it; every step goes on under it
  version integer not null default 1,
  started_at timestamptz not null,
  ended_at timestamptz,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  constraint settled_when_ended check ((ended_at is null) = (state in ('processing', 'waiting', 'stuck')))
);
create unique index sagas_under_way on hire_saga.sagas (application_id) where ended_at is null;
create index sagas_due on hire_saga.sagas (due_at) where ended_at is null;
create index sagas_tenant on hire_saga.sagas (tenant_id);
create index sagas_job on hire_saga.sagas (job_id);

call capture.enable('hire_saga.sagas');

grant usage on schema hire_saga to hiring_app, warehouse_reader;
grant select, insert, update on hire_saga.sagas to hiring_app;
grant select (id, tenant_id, application_id, job_id, opening_id, offer_id, agency_id, step, direction, state, attempts, due_at, expires_at,
              error, signal, started_by, correlation_id, version, started_at, ended_at, created_at, updated_at, recorded_at, _xid)
  on hire_saga.sagas to warehouse_reader;
