-- Self-identification answers. Only the columns the design allows: no id, no instant, no _xid, no tombstone, no link but a keyed hash.
create schema equity;

create table equity.responses (
  dei_key text primary key,                        -- keyed hash of tenant + candidate
  tenant_id uuid not null,
  submitted_on date not null,
  question_set_version text not null,
  gender text not null,
  ethnicity text not null,
  age_band text not null,
  disability text not null,
  veteran text not null,
  locale text not null
);

create table equity.invitations (
  dei_key text primary key,
  tenant_id uuid not null,
  invited_on date not null,
  question_set_version text not null,
  locale text not null
);
