-- Assessments as a service of its own: what it knows of applications, the files handed in, and the columns of its job queues.
create table assessments.known_applications (     -- learnt from events, or from the core when first asked about
  application_id uuid primary key,
  tenant_id uuid not null,
  job_id uuid not null,
  candidate_id uuid not null,
  subject text,                                    -- of the job; null until somebody needs it
  staff_class text,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now()
);

create table assessments.uploads (
  id uuid primary key,
  tenant_id uuid not null,
  application_id uuid not null,
  kind text not null check (kind in ('resume', 'transcript', 'video')),
  state text not null check (state in ('awaited', 'stored', 'deleted')),
  asked jsonb,                                     -- what the job asks a résumé to show
  content_type text,                               -- found in the content, never told
  size bigint,
  sha256 text,
  file_name text unique,                           -- random, below NEXUS_HOME/uploads
  expires_at timestamptz,                          -- when the file goes
  uploaded_by uuid not null,
  version integer not null default 1,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  check (state = 'awaited' or (content_type is not null and size is not null and sha256 is not null and file_name is not null))
);
create index uploads_application on assessments.uploads (application_id);
create index uploads_expiry on assessments.uploads (expires_at) where state = 'stored';

create table assessments.idempotency_keys (        -- as identity has, for this service's own routes
  principal_id text not null,
  key text not null,
  request_hash text not null,
  status_code smallint,
  response jsonb,
  created_at timestamptz not null default now(),
  primary key (principal_id, key)
);

alter table assessments.interviews add column version integer not null default 1;
alter table assessments.screening_checks add column version integer not null default 1;

alter table assessments.resume_parses
  add column upload_id uuid references assessments.uploads (id),
  add column attempts integer not null default 0,
  add column due_at timestamptz,                   -- null: was never in the queue (imports)
  add column leased_until timestamptz,
  add column progress smallint not null default 0 check (progress between 0 and 100);
alter table assessments.interview_analyses
  add column upload_id uuid references assessments.uploads (id),
  add column attempts integer not null default 0,
  add column due_at timestamptz,                   -- null: was never in the queue (imports)
  add column leased_until timestamptz,
  add column progress smallint not null default 0 check (progress between 0 and 100),
  add column plan jsonb,                           -- questions meant to be asked, and the rubric
  add column completed_at timestamptz;
create index resume_parses_due on assessments.resume_parses (due_at) where state in ('queued', 'running', 'dead');
create index interview_analyses_due on assessments.interview_analyses (due_at) where state in ('queued', 'running', 'dead');
create index resume_parses_application on assessments.resume_parses (application_id);
create index interview_analyses_application on assessments.interview_analyses (application_id);
create index participants_interview on assessments.participants (interview_id);

grant select, insert, update, delete on assessments.known_applications, assessments.uploads, assessments.idempotency_keys to hiring_app;
-- Captured tables: the reader sees what is not personal. It never sees uploads, known applications or analyses.
grant select (version) on assessments.interviews, assessments.screening_checks to warehouse_reader;
grant select (upload_id, attempts, due_at, leased_until, progress) on assessments.resume_parses to warehouse_reader;
