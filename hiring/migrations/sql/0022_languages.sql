-- The language of letters; it is the person's own affair and never extracted. Letters about an interview name it: only the newest counts.
alter table candidates.candidates add column preferred_language text;   -- BCP 47: de, pt-BR, zh-Hant-TW

alter table notifications.deliveries add column interview_id uuid;
create index deliveries_interview on notifications.deliveries (interview_id) where interview_id is not null and state = 'ready';
