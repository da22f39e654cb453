-- Sessions whose refresh token changes at each use, counted sign-in attempts, people known by a provider, keys that succeed each other.
-- Sessions of before held one opaque token: they end, and everybody signs in once.
delete from identity.sessions;
alter table identity.sessions
  drop column token_hash,
  add column ends_at timestamptz not null,         -- absolute limit; expires_at moves with each refresh, up to here
  add column refreshed_at timestamptz not null;
create index sessions_user on identity.sessions (user_id);

create table identity.refresh_tokens (
  token_hash text primary key,                     -- sha256 of the opaque token
  session_id uuid not null references identity.sessions (id) on delete cascade,
  issued_at timestamptz not null,
  spent_at timestamptz                             -- spent and seen again: somebody else has it
);
create index refresh_tokens_session on identity.refresh_tokens (session_id);

create table identity.sign_in_attempts (
  subject_hash text primary key,                   -- keyed hash of an account's e-mail or of a network address
  failures integer not null,
  last_at timestamptz not null,
  blocked_until timestamptz
);
create index sign_in_attempts_last on identity.sign_in_attempts (last_at);

alter table identity.users add column oidc_subject_hash text unique;  -- sha256 of issuer and subject, bound at the first sign-in there

alter table identity.api_keys add column successor_id uuid unique references identity.api_keys (id);
create index api_keys_name on identity.api_keys (name);

grant select, insert, update, delete on identity.refresh_tokens, identity.sign_in_attempts to hiring_app;
