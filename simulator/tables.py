"""The source tables as the simulator fills them: columns, their kinds, and which of them change after the row is born.

What belongs here: one entry per table, parents before children. What doesn't: values. Kinds: ``text int number bool time date`` and
``>schema.table`` for the id of a row of that table (an integer index while simulating; -1 is null).
"""

from dataclasses import dataclass

Columns = tuple[tuple[str, str], ...]


def columns(text: str) -> Columns:
    """Return columns from ``name:kind`` words (kind ``text`` if omitted)."""
    pairs = (word.partition(":") for word in text.split())
    return tuple((name, kind or "text") for name, _, kind in pairs)


@dataclass(frozen=True)
class Table:
    """A source table: columns fixed at birth, columns with states over time, and the bookkeeping columns it has."""

    name: str
    fixed: Columns
    state: Columns = ()
    has_version: bool = False
    has_updated_at: bool = True
    has_id: bool = True


_TENANT = "tenant_id:>identity.organisations "


def _table(name: str, fixed: str, state: str = "", *, tenant: bool = True, version: bool = False, updated: bool = True) -> Table:
    return Table(name, columns((_TENANT if tenant else "") + fixed), columns(state), version, updated)


_EQUITY = "dei_key tenant_id:>identity.organisations {day}:date question_set_version "
_ALL = (
    _table(
        "identity.organisations",
        "name kind parent_id:>identity.organisations timezone country academic_year_start_month:int equity_survey_enabled:bool",
        tenant=False,
    ),
    _table(
        "identity.calendar_days",
        "organisation_id:>identity.organisations date:date is_open:bool term_code is_term_start:bool",
        tenant=False,
    ),
    _table("identity.users", "email email_hash display_name", tenant=False),
    _table("identity.memberships", "user_id:>identity.users organisation_id:>identity.organisations role", tenant=False),
    _table(
        "identity.feedback",
        "organisation_id:>identity.organisations respondent_kind score:int asked_at:time",
        "answered_at:time",
        tenant=False,
    ),
    _table("jobs.channels", "name type", tenant=False),
    _table("applications.terminal_reasons", "name side", tenant=False),
    _table(
        "jobs.jobs",
        "organisation_id:>identity.organisations title subject grade_range staff_class owner_id:>identity.users target_start_date:date "
        "headcount:int fte:number salary_min_minor:int salary_max_minor:int salary_currency has_visa_sponsorship:bool",
        "status approved_at:time opened_at:time closed_at:time close_reason",
        version=True,
    ),
    _table(
        "jobs.job_status_events",
        "job_id:>jobs.jobs from_status to_status reason event_at:time actor_id:>identity.users",
        updated=False,
    ),
    _table(
        "jobs.openings",
        "job_id:>jobs.jobs fte:number",
        "opened_at:time closed_at:time close_reason reserved_by_offer_id:>applications.offers "
        "filled_by_application_id:>applications.applications",
    ),
    _table(
        "jobs.channel_costs",
        "organisation_id:>identity.organisations channel_id:>jobs.channels period:date amount_minor:int currency kind",
        tenant=False,
    ),
    _table("jobs.postings", "job_id:>jobs.jobs channel_id:>jobs.channels url live_from:time is_internal:bool", "live_to:time"),
    _table("jobs.hiring_plans", "organisation_id:>identity.organisations season subject target_hires:int due_date:date", tenant=False),
    _table(
        "candidates.candidates",
        "given_name family_name email_hash country years_experience:number qualification_level subjects retention_until:date",
        "merged_into_id:>candidates.candidates",
        tenant=False,
        version=True,
    ),
    _table(
        "candidates.credentials",
        "candidate_id:>candidates.candidates kind issuer subject valid_from:date valid_to:date",
        "verified_at:time",
        tenant=False,
    ),
    _table(
        "candidates.consents", "candidate_id:>candidates.candidates purpose granted_at:time text_version", "withdrawn_at:time", tenant=False
    ),
    _table(
        "applications.stage_definitions",
        "organisation_id:>identity.organisations job_id:>jobs.jobs name rank:int canonical_stage sla_hours:int active_from:time",
        "active_to:time",
        tenant=False,
    ),
    _table(
        "applications.applications",
        "candidate_id:>candidates.candidates job_id:>jobs.jobs attempt_number:int applied_at:time origin is_internal:bool",
        "status current_stage terminal_at:time terminal_reason_id:>applications.terminal_reasons",
        version=True,
    ),
    _table(
        "applications.stage_events",
        "application_id:>applications.applications sequence:int from_stage to_stage event_at:time actor_id:>identity.users "
        "reason_id:>applications.terminal_reasons provenance spell_number:int",
        updated=False,
    ),
    _table(
        "applications.touches",
        "application_id:>applications.applications channel_id:>jobs.channels touched_at:time position:int referrer_user_id:>identity.users "
        "agency_id:>identity.agencies",
    ),
    _table("applications.messages", "application_id:>applications.applications sent_at:time direction is_automatic:bool"),
    _table(
        "applications.agency_submissions",
        "application_id:>applications.applications agency_id:>identity.agencies submitted_at:time fee_basis fee_minor:int fee_currency",
        "status",
    ),
    _table(
        "applications.offers",
        "application_id:>applications.applications opening_id:>jobs.openings chain_id:>chains version:int start_date:date fte:number "
        "salary_minor:int salary_currency",
        "status approved_at:time sent_at:time resolved_at:time",
    ),
    _table(
        "applications.hires",
        "application_id:>applications.applications opening_id:>jobs.openings offer_id:>applications.offers accepted_at:time hired_at:time "
        "start_date:date contract_kind",
        "status",
    ),
    _table(
        "applications.employment_outcomes",
        "hire_id:>applications.hires as_of:date still_employed:bool end_date:date end_reason probation_passed:bool performance_scale "
        "performance_value:number manager_satisfaction:number",
        updated=False,
    ),
    _table("applications.experience_surveys", "application_id:>applications.applications score:int asked_at:time answered_at:time"),
    _table(
        "assessments.interviews",
        "application_id:>applications.applications kind scheduled_start:time scheduled_end:time",
        "status",
    ),
    _table("assessments.participants", "interview_id:>assessments.interviews user_id:>identity.users"),
    _table(
        "assessments.scorecards", "interview_id:>assessments.interviews user_id:>identity.users recommendation submitted_at:time ratings"
    ),
    _table(
        "assessments.screening_checks",
        "application_id:>applications.applications kind requested_at:time",
        "completed_at:time result",
    ),
    _table(
        "assessments.resume_parses",
        "application_id:>applications.applications state parser_version error match_score:number completed_at:time",
    ),
    Table("equity.invitations", columns(_EQUITY.format(day="invited_on") + "locale"), has_updated_at=False, has_id=False),
    Table(
        "equity.responses",
        columns(_EQUITY.format(day="submitted_on") + "gender ethnicity age_band disability veteran locale"),
        has_updated_at=False,
        has_id=False,
    ),
)
TABLES = {table.name: table for table in _ALL}
NETWORK_TABLES = ("jobs.channels", "applications.terminal_reasons", "identity.agencies")
