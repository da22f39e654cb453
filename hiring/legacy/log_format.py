"""Tables, columns and words of a hiring log, as docs/hiring-log-mapping.md has them. What doesn't belong here: files, meaning."""

from dataclasses import dataclass, field

INSTANT, DAY, WHOLE, DECIMAL, FLAG = "instant", "date", "whole number", "number", "flag"
STAGES = ("applied", "screen", "interview", "demo_lesson", "references_checks", "offer", "hired")
ENDINGS = ("rejected", "withdrawn", "offer_declined", "job_closed", "duplicate")
_CLOSE_REASONS = ("filled", "cancelled", "budget", "not_filling")
_CHANNELS = ("linkedin", "indeed", "direct", "agency", "referral", "job_board", "event", "social", "internal", "sourced", "unknown")
_OFFER_STATUSES = (
    "draft", "pending_approval", "approved", "sent", "accepted", "declined", "expired", "withdrawn", "rescinded", "superseded",
)  # fmt: skip


@dataclass(frozen=True)
class LogTable:
    """One table: its columns in order (the first is the key), which a row needs, their kinds, words and the tables they refer to."""

    name: str
    columns: tuple[str, ...]
    required: frozenset[str]
    kinds: dict[str, str] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refers: dict[str, str] = field(default_factory=dict)
    ordered: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """Name of the column that identifies a row within a school."""
        return self.columns[0]


def _table(
    name: str,
    columns: str,
    required: str,
    kinds: dict[str, str],
    words: dict[str, tuple[str, ...]] | None = None,
    refers: dict[str, str] | None = None,
    ordered: tuple[tuple[str, str], ...] = (),
) -> LogTable:
    by_column = {column: kind for kind, named in kinds.items() for column in named.split()}
    whole = (*columns.split(), "recorded_at")
    by_column["recorded_at"] = INSTANT
    return LogTable(name, whole, frozenset(required.split()), by_column, words or {}, refers or {}, ordered)


LOG_TABLES: dict[str, LogTable] = {
    table.name: table
    for table in (
        _table(
            "jobs",
            "job_id title subject grade_range staff_class status approved_at opened_at closed_at close_reason headcount fte"
            " target_start_date",
            "job_id",
            {INSTANT: "approved_at opened_at closed_at", WHOLE: "headcount", DECIMAL: "fte", DAY: "target_start_date"},
            {
                "staff_class": ("teacher", "leadership", "support"),
                "status": ("draft", "approved", "open", "on_hold", "closed", "cancelled"),
                "close_reason": _CLOSE_REASONS,
            },
            ordered=(("approved_at", "closed_at"), ("opened_at", "closed_at")),
        ),
        _table(
            "openings",
            "opening_id job_id fte opened_at closed_at close_reason",
            "opening_id job_id",
            {INSTANT: "opened_at closed_at", DECIMAL: "fte"},
            {"close_reason": _CLOSE_REASONS},
            {"job_id": "jobs"},
            (("opened_at", "closed_at"),),
        ),
        _table(
            "applications",
            "application_id candidate_id job_id attempt_number applied_at origin is_internal channel_type status terminal_at terminal_side",
            "application_id candidate_id applied_at",
            {INSTANT: "applied_at terminal_at", WHOLE: "attempt_number", FLAG: "is_internal"},
            {
                "origin": ("inbound", "sourced", "referred", "agency", "internal", "import"),
                "channel_type": _CHANNELS,
                "status": ("active", "hired", *ENDINGS),
                "terminal_side": ("employer", "candidate", "neutral"),
            },
            {"job_id": "jobs"},
            (("applied_at", "terminal_at"),),
        ),
        _table(
            "stage_events",
            "event_id application_id sequence stage canonical_stage event_at actor provenance",
            "event_id application_id stage canonical_stage event_at",
            {INSTANT: "event_at", WHOLE: "sequence"},
            {
                "canonical_stage": (*STAGES, *ENDINGS),
                "provenance": ("observed", "observed_interval", "inferred_interview", "inferred_status"),
            },
            {"application_id": "applications"},
        ),
        _table(
            "offers",
            "offer_id application_id opening_id chain_id version status created_at approved_at sent_at resolved_at start_date fte",
            "offer_id application_id status created_at",
            {INSTANT: "created_at approved_at sent_at resolved_at", WHOLE: "version", DAY: "start_date", DECIMAL: "fte"},
            {"status": _OFFER_STATUSES},
            {"application_id": "applications", "opening_id": "openings"},
            (("created_at", "resolved_at"), ("sent_at", "resolved_at")),
        ),
        _table(
            "hires",
            "hire_id application_id opening_id offer_id accepted_at hired_at start_date status contract_kind",
            "hire_id application_id hired_at",
            {INSTANT: "accepted_at hired_at", DAY: "start_date"},
            {"status": ("pending_start", "started", "reneged", "ended"), "contract_kind": ("permanent", "fixed_term", "supply")},
            {"application_id": "applications", "opening_id": "openings", "offer_id": "offers"},
        ),
        _table(
            "outcomes",
            "outcome_id hire_id as_of still_employed end_date end_reason probation_passed performance_scale performance_value"
            " manager_satisfaction",
            "outcome_id hire_id as_of still_employed",
            {DAY: "as_of end_date", FLAG: "still_employed probation_passed", DECIMAL: "performance_value manager_satisfaction"},
            {
                "end_reason": (
                    "resigned", "dismissed", "probation_failed", "fixed_term_end", "transfer_in_group", "gap_year", "redundancy",
                ),
                "performance_scale": ("1-5", "1-4"),
            },
            {"hire_id": "hires"},
        ),
    )
}  # fmt: skip
