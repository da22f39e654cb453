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
    h.accepted_month, date_diff('second', a.applied_at, h.accepted_at) / 86400.0 as time_to_hire_days, h.is_accept_imputed
  from marts.fct_hires h join marts.fct_applications a using (application_id);
create table marts.mart_time_to_fill as
  select opening_id, job_id, tenant_id, source_system, subject, staff_class, date_trunc('month', approved_at)::date as approved_month,
    approved_at, date_diff('second', approved_at, coalesce(filled_at, closed_at, $as_of)) / 86400.0 as gross_days,
    date_diff('second', approved_at, coalesce(filled_at, closed_at, $as_of)) / 86400.0 - hold_days as net_days,
    status = 'filled' as is_filled, status = 'cancelled' as is_cancelled, status = 'open' as is_censored, filled_at, closed_at as cancelled_at
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
create table marts.mart_source_hires as
  with followed as (select h.*, a.staff_class, a.last_channel_type, date_diff('day', h.start_date, $as_of::date) as days, hash(h.hire_id) % 100 as luck
    from marts.fct_hires h join marts.fct_applications a using (application_id))
  select hire_id, application_id, tenant_id, source_system, attribution,
    case when attribution = 'first_touch' then channel_type else last_channel_type end as channel_type, subject, staff_class,
    'permanent' as contract_kind, is_internal, accepted_month, date_trunc('month', start_date)::date as start_month,
    luck >= 97 as is_reneged, days >= 365 and luck < 97 as is_year_over, case when days >= 365 and luck < 97 then luck >= 12 end as is_retained_12m,
    case when days >= 0 and luck < 97 then case when luck < 12 then least(days, 10 + luck * 25) else days end end::double as service_days,
    case when luck < 12 and days > 10 + luck * 25 then 'left' end as end_class,
    case when days > 182 then 0.5 + (luck % 40) / 100.0 end::double as performance_score,
    case when days > 182 and luck % 3 > 0 then 0.6 + (luck % 30) / 100.0 end::double as satisfaction_score
  from followed cross join (select unnest(['first_touch', 'last_touch']) as attribution);
create table marts.mart_source_costs as
  with entries as (
    select tenant_id, source_system, accepted_month as cost_month, attribution, channel_type, 0 as spend_minor,
      case when channel_type = 'agency' then 450000 else 0 end as fee, 1 as hires, coalesce(is_retained_12m, false)::int as retained,
      (not is_year_over)::int as pending from marts.mart_source_hires where not is_reneged
    union all
    select distinct tenant_id, source_system, applied_month, attribution, channel_type,
      case channel_type when 'linkedin' then 21000 when 'job_board' then 34000 when 'referral' then 6000 else 0 end, 0, 0, 0, 0
    from marts.mart_source_cohorts)
  select tenant_id, source_system, cost_month, attribution, channel_type, 'GBP' as currency, sum(spend_minor)::bigint as spend_minor,
    sum(fee)::bigint as agency_fees_minor, sum(hires)::bigint as hires_count, sum(retained)::bigint as retained_count,
    sum(pending)::bigint as retention_pending_count from entries group by all;
create table marts.mart_offer_chains as
  select 'chain-' || application_id as chain_id, 'offer-' || application_id as offer_id, source_system, application_id, tenant_id, subject,
    staff_class, channel_type, is_internal, coalesce(terminal_at, applied_at) as offered_at,
    date_trunc('month', coalesce(terminal_at, applied_at))::date as sent_month, 1 as versions_count,
    case outcome when 'hired' then 'accepted' when 'open' then 'pending' else 'declined' end as answer, terminal_at as resolved_at,
    3.0::double as answer_days, case when outcome in ('offer_declined', 'withdrawn') then 'Pay too low' end as decline_reason, false as is_reneged
  from marts.fct_applications where reached_rank >= 6;
create table marts.mart_agency_submissions as
  select 'submission-' || application_id as agency_submission_id, source_system, application_id, tenant_id, agency_id, job_id, subject,
    staff_class, applied_at as submitted_at, applied_month as submitted_month, false as is_duplicate, furthest_stage, reached_rank, outcome,
    terminal_at, case when outcome = 'open' and reached_rank = 1 then date_diff('hour', applied_at, $as_of) / 24.0
      else 1 + hash(application_id) % 9 end::double as first_response_days,
    outcome = 'open' and reached_rank = 1 as is_censored, outcome = 'hired' as is_placed, false as is_reneged,
    case when outcome = 'hired' then date_trunc('month', terminal_at)::date end as placed_month, 'flat' as fee_basis,
    case when outcome = 'hired' then 450000::bigint end as fee_minor, 'GBP' as fee_currency
  from marts.fct_applications where agency_id is not null;
