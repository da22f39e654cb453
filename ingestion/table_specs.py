"""Which tables of the hiring core are captured, and which of their columns never leave Postgres.

What belongs here: names. What doesn't: types and column lists, which come from the source's own catalogue at each sync.
"""

from dataclasses import dataclass

SOURCE = "hiring_core"


@dataclass(frozen=True)
class TableSpec:
    """One captured table. ``personal`` columns (names, addresses, free text) are never selected, whatever the login may read."""

    schema: str
    name: str
    is_append_only: bool = False
    personal: frozenset[str] = frozenset()

    @property
    def source_name(self) -> str:
        """Qualified name in Postgres, as the tombstones spell it."""
        return f"{self.schema}.{self.name}"


TABLE_SPECS: tuple[TableSpec, ...] = (
    TableSpec("identity", "organisations"),
    TableSpec("identity", "calendar_days"),
    TableSpec("identity", "feedback"),
    TableSpec("jobs", "jobs"),
    TableSpec("jobs", "job_status_events", is_append_only=True),
    TableSpec("jobs", "openings"),
    TableSpec("jobs", "channels"),
    TableSpec("jobs", "channel_costs"),
    TableSpec("jobs", "postings", personal=frozenset({"url"})),
    TableSpec("jobs", "hiring_plans"),
    TableSpec(
        "candidates",
        "candidates",
        personal=frozenset({"given_name", "family_name", "email_encrypted", "email_hash", "phone_encrypted", "preferred_language"}),
    ),
    TableSpec("candidates", "credentials"),
    TableSpec("candidates", "consents"),
    TableSpec("applications", "terminal_reasons"),
    TableSpec("applications", "stage_definitions"),
    TableSpec("applications", "applications"),
    TableSpec("applications", "stage_events", is_append_only=True),
    TableSpec("applications", "touches", personal=frozenset({"utm"})),
    TableSpec("applications", "messages"),
    TableSpec("applications", "agency_submissions"),
    TableSpec("applications", "offers"),
    TableSpec("applications", "hires"),
    TableSpec("applications", "employment_outcomes", is_append_only=True),
    TableSpec("applications", "experience_surveys"),
    TableSpec("assessments", "interviews", personal=frozenset({"place"})),
    TableSpec("assessments", "participants"),
    TableSpec("assessments", "scorecards"),
    TableSpec("assessments", "screening_checks"),
    TableSpec("assessments", "resume_parses", personal=frozenset({"result", "error"})),
    TableSpec("hire_saga", "sagas", personal=frozenset({"terms"})),
)
