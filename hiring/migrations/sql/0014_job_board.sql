-- The public job board searches open jobs alone: the index holds no others.
create index jobs_search on jobs.jobs
  using gin (to_tsvector('simple', title || ' ' || translate(subject, '_', ' ') || ' ' || grade_range)) where status = 'open';
create index jobs_newest on jobs.jobs (opened_at desc, id desc) where status = 'open';
