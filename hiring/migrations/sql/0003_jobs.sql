create schema jobs;

create table jobs.jobs (
  id uuid primary key,
  tenant_id uuid not null,
  organisation_id uuid not null,
  title text not null,
  subject text not null,
  grade_range text not null,
  staff_class text not null check (staff_class in ('teacher', 'leadership', 'support')),
  status text not null default 'draft' check (status in ('draft', 'approved', 'open', 'on_hold', 'closed', 'cancelled')),
  approved_at timestamptz,
  opened_at timestamptz,
  target_start_date date,
  closed_at timestamptz,
  close_reason text check (close_reason in ('filled', 'cancelled', 'budget', 'not_filling')),
  owner_id uuid,
  headcount smallint not null default 1 check (headcount between 1 and 200),
  fte numeric(4, 2) not null default 1,
  salary_min_minor bigint, salary_max_minor bigint, salary_currency char(3),
  has_visa_sponsorship boolean not null default false,
  version integer not null default 1,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  unique (source_system, source_id)
);
create index jobs_tenant_status on jobs.jobs (tenant_id, status);

create table jobs.job_status_events (
  id uuid primary key,
  tenant_id uuid not null,
  job_id uuid not null,
  from_status text,
  to_status text not null,
  reason text,
  event_at timestamptz not null,
  actor_id uuid,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index job_status_events_job on jobs.job_status_events (job_id, event_at);

create table jobs.openings (
  id uuid primary key,
  tenant_id uuid not null,
  job_id uuid not null references jobs.jobs (id),
  fte numeric(4, 2) not null default 1,
  opened_at timestamptz,
  closed_at timestamptz,
  close_reason text check (close_reason in ('filled', 'cancelled', 'budget', 'not_filling')),
  reserved_by_offer_id uuid,
  filled_by_application_id uuid,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  unique (source_system, source_id)
);
create index openings_job on jobs.openings (job_id);

create table jobs.channels (
  id uuid primary key,
  tenant_id uuid,                                  -- null: shared by the network
  name text not null,
  type text not null check (type in ('linkedin', 'indeed', 'direct', 'agency', 'referral', 'job_board', 'event', 'social', 'internal', 'sourced', 'unknown')),
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);

create table jobs.channel_costs (
  id uuid primary key,
  organisation_id uuid not null,
  channel_id uuid not null references jobs.channels (id),
  period date not null,                            -- first day of the month
  amount_minor bigint not null,
  currency char(3) not null,
  kind text not null check (kind in ('advertising', 'subscription', 'event', 'bonus')),
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);

create table jobs.postings (
  id uuid primary key,
  tenant_id uuid not null,
  job_id uuid not null references jobs.jobs (id),
  channel_id uuid not null references jobs.channels (id),
  url text,
  live_from timestamptz not null,
  live_to timestamptz,
  is_internal boolean not null default false,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index postings_job on jobs.postings (job_id);

create table jobs.hiring_plans (
  id uuid primary key,
  organisation_id uuid not null,
  season text not null,
  subject text not null,
  target_hires integer not null check (target_hires >= 0),
  due_date date not null,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  unique (organisation_id, season, subject)
);

call capture.append_only('jobs.job_status_events');
call capture.enable('jobs.jobs');
call capture.enable('jobs.job_status_events');
call capture.enable('jobs.openings');
call capture.enable('jobs.channels');
call capture.enable('jobs.channel_costs');
call capture.enable('jobs.postings');
call capture.enable('jobs.hiring_plans');
