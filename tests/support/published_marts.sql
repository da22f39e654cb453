-- The marts of a made published version that are summed from its facts.
create table marts.mart_funnel_cohorts as
  with stages as (select unnest($stages) as stage, unnest(range(1, 8))::integer as rank)
  select tenant_id, source_system, applied_month, subject, staff_class, channel_type, is_internal, stage, rank,
    count(*) as applications_count, count(*) filter (reached_rank >= rank) as reached_count,
    count(*) filter (reached_rank >= rank) as reached_directly_count,
    count(*) filter (reached_rank >= rank and outcome <> 'open') as reached_closed_count,
    count(*) filter (reached_rank > rank) as advanced_count,
    count(*) filter (reached_rank = rank and outcome = 'open') as open_count,
    count(*) filter (reached_rank = rank and outcome = 'rejected') as rejected_count,
    count(*) filter (reached_rank = rank and outcome = 'withdrawn') as withdrawn_count,
    count(*) filter (reached_rank = rank and outcome = 'offer_declined') as offer_declined_count,
    count(*) filter (reached_rank = rank and outcome = 'job_closed') as job_closed_count
  from marts.fct_applications cross join stages group by all;
create table marts.mart_cohort_maturity as
  select tenant_id, source_system, applied_month, count(*) as applications_count, count(*) filter (outcome = 'open') as open_count,
    count(*) filter (outcome = 'open') <= 0.05 * count(*) as is_mature from marts.fct_applications group by all;
create table marts.mart_endings as
  select tenant_id, source_system, applied_month, subject, staff_class, channel_type, is_internal, furthest_stage as stage,
    reached_rank as rank, outcome as ending, outcome_side as ending_side,
    coalesce(outcome_reason, 'not given') as ending_reason, count(*) as ended_count
  from marts.fct_applications where outcome not in ('open', 'hired') group by all;
create table marts.mart_pipeline_changes as
  with steps as (
    select v.*, entered_at as stepped_at, 1 as entered, 0 as exited, 0.0 as stay from marts.mart_stage_visits v where rank < 7
    union all
    select v.*, exited_at, 0, 1, time_in_stage_days from marts.mart_stage_visits v where rank < 7 and exited_at is not null)
  select tenant_id, source_system, stepped_at::date as snapshot_date, subject, channel_type, false as is_internal, stage, rank, basis,
    sum(entered)::bigint as entered_count, sum(exited)::bigint as exited_count, sum(stay)::double as exited_stay_days
  from steps cross join (select unnest(['happened', 'recorded']) as basis) group by all;
create table marts.mart_first_responses as
  select application_id, tenant_id, source_system, subject, staff_class, channel_type, is_internal, applied_month,
    least(age_days, 0.4 + (hash(application_id) % 100) / 12.0) as first_response_days,
    age_days < 0.4 + (hash(application_id) % 100) / 12.0 as is_censored
  from marts.fct_applications;
create table marts.mart_stage_activity as
  select tenant_id, source_system, entered_month as activity_month, subject, channel_type, false as is_internal, stage,
    count(*) as first_entries_count from marts.mart_stage_visits group by all;
create table marts.mart_source_cohorts as
  select tenant_id, source_system, applied_month, subject, staff_class, is_internal, attribution, channel_type,
    count(*) as applications_count, count(*) as attempts_count, count(*) filter (outcome = 'hired') as hired_count,
    count(*) filter (outcome = 'open') as open_count, count(*) filter (reached_rank >= 3) as screen_passed_count,
    coalesce(sum((reached_rank - 1) / 6.0) filter (reached_rank >= 3), 0)::double as rank_points_sum
  from marts.fct_applications cross join (select unnest(['first_touch', 'last_touch']) as attribution) group by all;
create table marts.mart_stage_durations as
  select application_id, tenant_id, source_system, subject, staff_class, channel_type, stage, rank, min(entered_month) as first_entered_month,
    count(*) as visits_count, sum(time_in_stage_days) as time_in_stage_days, bool_or(is_censored) as is_censored
  from marts.mart_stage_visits group by all;
create table marts.mart_time_to_hire as
  select h.hire_id, h.application_id, h.opening_id, h.tenant_id, h.source_system, h.subject, a.staff_class, h.channel_type, h.is_internal,
    h.accepted_month, date_diff('second', a.applied_at, h.accepted_at) / 86400.0 as time_to_hire_days,
    date_diff('second', a.applied_at, h.accepted_at) / 86400.0 + 3 as time_from_first_contact_days,
    (h.start_date - h.accepted_at::date)::double as time_to_start_days, h.status = 'reneged' as is_reneged, h.is_accept_imputed
  from marts.fct_hires h join marts.fct_applications a using (application_id);
create table marts.mart_time_to_fill as
  select opening_id, job_id, tenant_id, source_system, subject, staff_class, date_trunc('month', approved_at)::date as approved_month,
    approved_at, date_diff('second', approved_at, coalesce(filled_at, closed_at, $as_of)) / 86400.0 as gross_days,
    date_diff('second', approved_at, coalesce(filled_at, closed_at, $as_of)) / 86400.0 - hold_days as net_days,
    gross_days as gross_latest_days, net_days as net_latest_days, false as is_reopened, status = 'filled' as is_filled, status = 'cancelled' as is_cancelled, status = 'open' as is_censored, filled_at, closed_at as cancelled_at
  from marts.fct_openings;
create table marts.mart_hire_outcomes as
  select hire_id, application_id, tenant_id, source_system, accepted_at, start_date, null::boolean as is_success,
    null::timestamptz as label_known_at, null::boolean as probation_passed, null::boolean as is_retained_12m,
    null::boolean as performance_meets from marts.fct_hires;
create table marts.mart_cleaning_counts as
  select source_system, tenant_id, unnest(['duplicates_removed', 'accidental_visits', 'applied_added', 'events_after_end']) as cleaning_step,
    unnest([4, 9, 2, 1]) as rows_count from (select distinct source_system, tenant_id from marts.fct_applications);
create table marts.mart_reconciliation as
  select source_system, tenant_id, 'hires_funnel_equals_hires_table' as truth, count(*) filter (outcome = 'hired') as left_count,
    count(*) filter (outcome = 'hired') as right_count, 0 as difference_count from marts.fct_applications group by all
  union all
  select source_system, tenant_id, 'outcomes_add_up_to_applied', count(*), count(*), 0 from marts.fct_applications group by all;
