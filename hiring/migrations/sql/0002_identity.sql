create schema identity;

create table identity.organisations (
  id uuid primary key,
  name text not null,
  kind text not null check (kind in ('school', 'school_group', 'agency')),
  parent_id uuid,
  timezone text not null default 'UTC',
  country text not null,
  academic_year_start_month smallint not null default 9 check (academic_year_start_month between 1 and 12),
  equity_survey_enabled boolean not null default false,
  version integer not null default 1,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  unique (source_system, source_id)
);

create table identity.calendar_days (
  id uuid primary key,
  organisation_id uuid not null,
  date date not null,
  is_open boolean not null,
  term_code text,
  is_term_start boolean not null default false,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  unique (organisation_id, date)
);

create table identity.users (
  id uuid primary key,
  email text not null,
  email_hash text not null unique,
  display_name text not null,
  password_hash text,
  is_active boolean not null default true,
  version integer not null default 1,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);

create table identity.memberships (
  id uuid primary key,
  user_id uuid not null references identity.users (id),
  organisation_id uuid references identity.organisations (id),   -- null: platform-wide grant
  role text not null check (role in ('hr_director', 'recruiter', 'hiring_manager', 'interviewer', 'agency_user', 'analyst',
                                     'engineer', 'privacy_officer', 'platform_admin', 'bias_auditor')),
  granted_by uuid,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  unique nulls not distinct (user_id, organisation_id, role)
);

create table identity.sessions (
  id uuid primary key,
  token_hash text not null unique,                 -- sha256 of the opaque token
  user_id uuid not null references identity.users (id),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);

create table identity.api_keys (
  id uuid primary key,
  name text not null,
  secret_hash text not null,                       -- sha256 of the secret half of `id.secret`
  scopes text[] not null,
  tenant_ids text[] not null,                      -- {'*'} only by platform grant
  created_by uuid,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now()
);

create table identity.feedback (
  id uuid primary key,
  organisation_id uuid not null,
  respondent_kind text not null check (respondent_kind in ('school', 'agency')),
  score smallint not null check (score between 0 and 10),
  asked_at timestamptz not null,
  answered_at timestamptz,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);

create table identity.idempotency_keys (
  principal_id text not null,
  key text not null,
  request_hash text not null,
  status_code smallint,
  response jsonb,
  created_at timestamptz not null default now(),
  primary key (principal_id, key)
);

call capture.enable('identity.organisations');
call capture.enable('identity.calendar_days');
call capture.enable('identity.feedback');
