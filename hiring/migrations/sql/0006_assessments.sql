create schema assessments;

create table assessments.interviews (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  kind text not null check (kind in ('phone', 'video', 'in_person', 'panel', 'demo_lesson')),
  scheduled_start timestamptz not null,
  scheduled_end timestamptz not null,
  status text not null check (status in ('scheduled', 'held', 'cancelled', 'no_show')),
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index interviews_application on assessments.interviews (application_id);

create table assessments.participants (
  id uuid primary key,
  tenant_id uuid not null,
  interview_id uuid not null references assessments.interviews (id),
  user_id uuid not null,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);

create table assessments.scorecards (
  id uuid primary key,
  tenant_id uuid not null,
  interview_id uuid not null references assessments.interviews (id),
  user_id uuid not null,
  recommendation text not null check (recommendation in ('definitely_not', 'no', 'mixed', 'yes', 'strong_yes')),
  submitted_at timestamptz not null,
  ratings jsonb not null default '{}',
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index scorecards_interview on assessments.scorecards (interview_id);

create table assessments.screening_checks (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  kind text not null check (kind in ('reference', 'criminal_record', 'licence', 'identity', 'right_to_work')),
  requested_at timestamptz not null,
  completed_at timestamptz,
  result text check (result in ('clear', 'consider', 'failed')),
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index screening_checks_application on assessments.screening_checks (application_id);

create table assessments.resume_parses (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  state text not null check (state in ('queued', 'running', 'done', 'dead')),
  result jsonb,
  parser_version text,
  error text,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);

create table assessments.interview_analyses (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  interview_id uuid,
  state text not null check (state in ('queued', 'running', 'done', 'dead')),
  result jsonb,
  parser_version text,
  error text,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);

call capture.enable('assessments.interviews');
call capture.enable('assessments.participants');
call capture.enable('assessments.scorecards');
call capture.enable('assessments.screening_checks');
