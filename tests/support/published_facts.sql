-- The tables of a made published version that are filled row by row.
create table marts.dim_organisations(organisation_id varchar, name varchar, kind varchar, parent_id varchar, timezone varchar,
  country varchar, academic_year_start_month integer, source_system varchar, tenant_id varchar);
create table marts.dim_jobs(job_id varchar, tenant_id varchar, title varchar, subject varchar, grade_range varchar, staff_class varchar,
  status varchar, approved_at timestamptz, opened_at timestamptz, closed_at timestamptz, close_reason varchar, headcount integer, fte double,
  target_start_date date, has_visa_sponsorship boolean, source_system varchar);
create table marts.dim_channels(channel_id varchar, channel_name varchar, channel_type varchar, source_system varchar);
create table marts.dim_term_starts(organisation_id varchar, term_code varchar, term_start_date date, source_system varchar, tenant_id varchar);
create table marts.fct_applications(application_id varchar, tenant_id varchar, job_id varchar, candidate_id varchar, attempt_number integer,
  subject varchar, staff_class varchar, channel_type varchar, last_channel_type varchar, agency_id varchar, origin varchar,
  is_internal boolean, applied_at timestamptz, applied_date date, applied_month date, outcome varchar, outcome_side varchar,
  terminal_at timestamptz, reached_rank integer, furthest_stage varchar, is_reapplication boolean, process_days double, source_system varchar);
create table marts.fct_openings(opening_id varchar, job_id varchar, tenant_id varchar, subject varchar, staff_class varchar, status varchar,
  approved_at timestamptz, opened_at timestamptz, filled_at timestamptz, closed_at timestamptz, fte double, target_start_date date,
  term_start_date date, hold_days double, source_system varchar);
create table marts.fct_offers(offer_id varchar, application_id varchar, opening_id varchar, tenant_id varchar, chain_id varchar,
  version integer, is_last_version boolean, status varchar, sent_at timestamptz, resolved_at timestamptz, source_system varchar);
create table marts.fct_hires(hire_id varchar, application_id varchar, opening_id varchar, tenant_id varchar, subject varchar,
  channel_type varchar, accepted_at timestamptz, is_accept_imputed boolean, accepted_month date, start_date date, status varchar,
  is_internal boolean, source_system varchar);
create table marts.mart_stage_visits(visit_id varchar, application_id varchar, tenant_id varchar, job_id varchar, subject varchar,
  staff_class varchar, channel_type varchar, stage varchar, rank integer, spell_number integer, entered_at timestamptz, exited_at timestamptz,
  entered_month date, time_in_stage_days double, is_censored boolean, is_accidental boolean, source_system varchar);
create table marts.mart_equity_cohorts(release varchar, tenant_id varchar, period_kind varchar, period_start date, period_end date,
  outcome_bin varchar, frozen_on date, people_count bigint, source_system varchar);
create table marts.mart_equity_releases(release varchar, tenant_id varchar, period_kind varchar, period_start date, period_end date,
  outcome_bin varchar, attribute varchar, category varchar, people_count bigint, cohort_people_count bigint, noisy_count bigint,
  key_id varchar, released_at timestamptz);
create table marts.mart_equity_benchmarks(release varchar, period_kind varchar, period_start date, period_end date,
  attribute varchar, category varchar, people_count bigint, cohort_people_count bigint, key_id varchar, released_at timestamptz);
create table predictions.model_scores(model varchar, bundle_id varchar, kind varchar, metric_id varchar, predictor varchar, landmark varchar,
  origin varchar, value double, lower double, upper double, n bigint, world varchar);
create table predictions.open_openings(opening_id varchar, tenant_id varchar, job_id varchar, subject varchar, as_of timestamptz,
  elapsed_days double, median_days double, p10_days double, p90_days double, beyond_days double, p_filled_before_term_start double,
  bundle_id varchar, is_fallback boolean);
create table marts.check_results(check_name varchar, layer varchar, table_name varchar, passed boolean, observed varchar, expected varchar,
  failing_count bigint, message varchar, batch_id bigint, checked_at timestamptz);
create table marts.publish_info(publish_version varchar, as_of timestamptz, published_at timestamptz, world varchar);
