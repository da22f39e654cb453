-- One row per application and spell: a reopened application starts a new spell with its own clock.
select
    application_id,
    spell_number,
    min(event_at) as first_event_at,
    max(stage) filter (where is_terminal and not is_after_terminal) as outcome,
    max(event_at) filter (where is_terminal and not is_after_terminal) as ended_at,
    max(reason_side) filter (where is_terminal and not is_after_terminal) as outcome_side,
    max(reason_name) filter (where is_terminal and not is_after_terminal) as outcome_reason
from {{ ref('int_stage_events_cleaned') }}
group by application_id, spell_number
