create schema applications;

create table applications.terminal_reasons (
  id uuid primary key,
  tenant_id uuid,                                  -- null: shared by the network
  name text not null,
  side text not null check (side in ('employer', 'candidate', 'neutral')),
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);

create table applications.stage_definitions (
  id uuid primary key,
  organisation_id uuid not null,
  job_id uuid,
  name text not null,
  rank smallint not null,
  canonical_stage text not null check (canonical_stage in ('applied', 'screen', 'interview', 'demo_lesson', 'references_checks', 'offer', 'hired')),
  sla_hours integer,
  active_from timestamptz not null,
  active_to timestamptz,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index stage_definitions_organisation on applications.stage_definitions (organisation_id);

create table applications.applications (
  id uuid primary key,
  tenant_id uuid not null,
  candidate_id uuid not null,
  job_id uuid not null,
  attempt_number smallint not null default 1,
  applied_at timestamptz not null,
  origin text not null check (origin in ('inbound', 'sourced', 'referred', 'agency', 'internal', 'import')),
  is_internal boolean not null default false,
  status text not null default 'active' check (status in ('active', 'hired', 'rejected', 'withdrawn', 'offer_declined', 'job_closed', 'duplicate')),
  current_stage text not null default 'applied',   -- the stage's own name (stage_definitions.name)
  terminal_at timestamptz,
  terminal_reason_id uuid references applications.terminal_reasons (id),
  version integer not null default 1,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  unique (candidate_id, job_id, attempt_number),
  unique (source_system, source_id)
);
create index applications_job on applications.applications (job_id, status);
create index applications_tenant on applications.applications (tenant_id, applied_at);

create table applications.stage_events (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  sequence integer not null,
  from_stage text,
  to_stage text not null,                          -- stage name, or a terminal outcome
  event_at timestamptz not null,
  actor_id uuid,
  reason_id uuid,
  provenance text not null default 'observed' check (provenance in ('observed', 'observed_interval', 'inferred_interview', 'inferred_status')),
  spell_number smallint not null default 1,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index stage_events_application on applications.stage_events (application_id, sequence);

create table applications.touches (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  channel_id uuid,
  touched_at timestamptz not null,
  position smallint not null,
  referrer_user_id uuid,
  agency_id uuid,
  utm jsonb,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index touches_application on applications.touches (application_id);

create table applications.messages (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  sent_at timestamptz not null,
  direction text not null check (direction in ('to_candidate', 'from_candidate')),
  is_automatic boolean not null default false,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index messages_application on applications.messages (application_id);

create table applications.agency_submissions (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  agency_id uuid not null,
  submitted_at timestamptz not null,
  fee_basis text not null check (fee_basis in ('percent_of_salary', 'flat', 'none')),
  fee_minor bigint,
  fee_currency char(3),
  status text not null default 'submitted' check (status in ('submitted', 'accepted', 'declined', 'placed', 'ended')),
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index agency_submissions_agency on applications.agency_submissions (agency_id);
create index agency_submissions_application on applications.agency_submissions (application_id);

create table applications.offers (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  opening_id uuid not null,
  chain_id uuid not null,
  version integer not null default 1,
  status text not null check (status in ('draft', 'pending_approval', 'approved', 'sent', 'accepted', 'declined', 'expired', 'withdrawn', 'rescinded', 'superseded')),
  approved_at timestamptz,
  sent_at timestamptz,
  resolved_at timestamptz,
  start_date date,
  fte numeric(4, 2) not null default 1,
  salary_minor bigint,
  salary_currency char(3),
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  unique (chain_id, version)
);
create index offers_application on applications.offers (application_id);

create table applications.hires (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  opening_id uuid not null,
  offer_id uuid,
  accepted_at timestamptz,
  hired_at timestamptz not null,
  start_date date,
  status text not null check (status in ('pending_start', 'started', 'reneged', 'ended')),
  contract_kind text not null default 'permanent' check (contract_kind in ('permanent', 'fixed_term', 'supply')),
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create unique index hires_live_opening on applications.hires (opening_id) where status <> 'reneged';
create index hires_application on applications.hires (application_id);

create table applications.employment_outcomes (
  id uuid primary key,
  tenant_id uuid not null,
  hire_id uuid not null,
  as_of date not null,
  still_employed boolean not null,
  end_date date,
  end_reason text check (end_reason in ('resigned', 'dismissed', 'probation_failed', 'fixed_term_end', 'transfer_in_group', 'gap_year', 'redundancy')),
  probation_passed boolean,
  performance_scale text check (performance_scale in ('1-5', '1-4')),
  performance_value numeric(4, 2),
  manager_satisfaction numeric(4, 2),              -- 0 to 10
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index employment_outcomes_hire on applications.employment_outcomes (hire_id);

create table applications.experience_surveys (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  score smallint check (score between 0 and 10),
  asked_at timestamptz not null,
  answered_at timestamptz,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);

call capture.append_only('applications.stage_events');
call capture.append_only('applications.employment_outcomes');
call capture.enable('applications.terminal_reasons');
call capture.enable('applications.stage_definitions');
call capture.enable('applications.applications');
call capture.enable('applications.stage_events');
call capture.enable('applications.touches');
call capture.enable('applications.messages');
call capture.enable('applications.agency_submissions');
call capture.enable('applications.offers');
call capture.enable('applications.hires');
call capture.enable('applications.employment_outcomes');
call capture.enable('applications.experience_surveys');
