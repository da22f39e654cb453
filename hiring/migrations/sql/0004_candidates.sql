create schema candidates;

create table candidates.candidates (
  id uuid primary key,
  given_name text not null,
  family_name text not null,
  email_encrypted bytea,
  email_hash text,                                 -- keyed hash of the normalised address: duplicate detection without the address
  phone_encrypted bytea,
  country text,
  years_experience numeric(4, 1),
  qualification_level text check (qualification_level in ('none', 'bachelor', 'postgraduate_certificate', 'master', 'doctorate')),
  subjects text[] not null default '{}',
  merged_into_id uuid,
  retention_until date,
  erased_at timestamptz,
  version integer not null default 1,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now(),
  unique (source_system, source_id)
);
create index candidates_email_hash on candidates.candidates (email_hash);

create table candidates.credentials (
  id uuid primary key,
  candidate_id uuid not null references candidates.candidates (id),
  kind text not null check (kind in ('teaching_licence', 'qualified_teacher_status', 'subject_certificate')),
  issuer text not null,
  subject text,
  valid_from date,
  valid_to date,
  verified_at timestamptz,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index credentials_candidate on candidates.credentials (candidate_id);

create table candidates.consents (
  id uuid primary key,
  candidate_id uuid not null references candidates.candidates (id),
  purpose text not null check (purpose in ('talent_pool', 'equity_survey', 'automated_scoring')),
  granted_at timestamptz not null,
  withdrawn_at timestamptz,
  text_version text not null,
  source_system text not null default 'nexus', source_id text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), recorded_at timestamptz not null default now()
);
create index consents_candidate on candidates.consents (candidate_id);

call capture.enable('candidates.candidates');
call capture.enable('candidates.credentials');
call capture.enable('candidates.consents');
