"""Tables and columns of a hiring log, their raw types, vocabularies and references.

What belongs here: the format as documented in docs/hiring-log-mapping.md. What doesn't: how files are read (reading) or judged (checking).
"""

from dataclasses import dataclass

from warehouse.connection import Connection
from warehouse.names import raw_table

SOURCE = "hiring_log"

CANONICAL_STAGES = ("applied", "screen", "interview", "demo_lesson", "references_checks", "offer", "hired")
TERMINAL_OUTCOMES = ("hired", "rejected", "withdrawn", "offer_declined", "job_closed", "duplicate")
END_REASONS = ("resigned", "dismissed", "probation_failed", "fixed_term_end", "transfer_in_group", "gap_year", "redundancy")
CLOSE_REASONS = ("filled", "cancelled", "budget", "not_filling")

TEXT, INSTANT, DAY, WHOLE, DECIMAL, FLAG = "text", "instant", "day", "whole", "decimal", "flag"
RAW_TYPES = {TEXT: "VARCHAR", INSTANT: "TIMESTAMPTZ", DAY: "DATE", WHOLE: "INTEGER", DECIMAL: "VARCHAR", FLAG: "BOOLEAN"}


@dataclass(frozen=True)
class LogColumn:
    """One column: its kind, whether a row needs it, what it may say, and the table its ids must exist in."""

    name: str
    kind: str = TEXT
    is_required: bool = False
    vocabulary: tuple[str, ...] = ()
    refers_to: str = ""


@dataclass(frozen=True)
class LogTable:
    """One table: its key, its columns and the columns that stand in for a missing ``recorded_at``."""

    name: str
    columns: tuple[LogColumn, ...]
    event_times: tuple[str, ...]
    is_required: bool = False
    ordered: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """Name of the column that identifies a row within a tenant."""
        return self.columns[0].name


def _key(name: str) -> LogColumn:
    return LogColumn(name, is_required=True)


def _refer(name: str, table: str, *, required: bool = True) -> LogColumn:
    return LogColumn(name, is_required=required, refers_to=table)


RECORDED_AT = LogColumn("recorded_at", INSTANT)

LOG_TABLES: tuple[LogTable, ...] = (
    LogTable(
        "jobs",
        (
            _key("job_id"),
            LogColumn("title"),
            LogColumn("subject"),
            LogColumn("grade_range"),
            LogColumn("staff_class", vocabulary=("teacher", "leadership", "support")),
            LogColumn("status", vocabulary=("draft", "approved", "open", "on_hold", "closed", "cancelled")),
            LogColumn("approved_at", INSTANT),
            LogColumn("opened_at", INSTANT),
            LogColumn("closed_at", INSTANT),
            LogColumn("close_reason", vocabulary=CLOSE_REASONS),
            LogColumn("headcount", WHOLE),
            LogColumn("fte", DECIMAL),
            LogColumn("target_start_date", DAY),
            RECORDED_AT,
        ),
        event_times=("approved_at", "opened_at"),
        ordered=(("approved_at", "closed_at"), ("opened_at", "closed_at")),
    ),
    LogTable(
        "openings",
        (
            _key("opening_id"),
            _refer("job_id", "jobs"),
            LogColumn("fte", DECIMAL),
            LogColumn("opened_at", INSTANT),
            LogColumn("closed_at", INSTANT),
            LogColumn("close_reason", vocabulary=CLOSE_REASONS),
            RECORDED_AT,
        ),
        event_times=("opened_at",),
        ordered=(("opened_at", "closed_at"),),
    ),
    LogTable(
        "applications",
        (
            _key("application_id"),
            LogColumn("candidate_id", is_required=True),
            _refer("job_id", "jobs", required=False),
            LogColumn("attempt_number", WHOLE),
            LogColumn("applied_at", INSTANT, is_required=True),
            LogColumn("origin", vocabulary=("inbound", "sourced", "referred", "agency", "internal", "import")),
            LogColumn("is_internal", FLAG),
            LogColumn(
                "channel_type",
                vocabulary=(
                    "linkedin",
                    "indeed",
                    "direct",
                    "agency",
                    "referral",
                    "job_board",
                    "event",
                    "social",
                    "internal",
                    "sourced",
                    "unknown",
                ),
            ),
            LogColumn("status", vocabulary=("active", *TERMINAL_OUTCOMES)),
            LogColumn("terminal_at", INSTANT),
            LogColumn("terminal_side", vocabulary=("employer", "candidate", "neutral")),
            RECORDED_AT,
        ),
        event_times=("applied_at",),
        is_required=True,
        ordered=(("applied_at", "terminal_at"),),
    ),
    LogTable(
        "stage_events",
        (
            _key("event_id"),
            _refer("application_id", "applications"),
            LogColumn("sequence", WHOLE),
            LogColumn("stage", is_required=True),
            LogColumn("canonical_stage", is_required=True, vocabulary=(*CANONICAL_STAGES, *TERMINAL_OUTCOMES[1:])),
            LogColumn("event_at", INSTANT, is_required=True),
            RECORDED_AT,
            LogColumn("actor"),
            LogColumn("provenance", vocabulary=("observed", "observed_interval", "inferred_interview", "inferred_status")),
        ),
        event_times=("event_at",),
        is_required=True,
    ),
    LogTable(
        "offers",
        (
            _key("offer_id"),
            _refer("application_id", "applications"),
            _refer("opening_id", "openings", required=False),
            LogColumn("chain_id"),
            LogColumn("version", WHOLE),
            LogColumn(
                "status",
                is_required=True,
                vocabulary=(
                    "draft",
                    "pending_approval",
                    "approved",
                    "sent",
                    "accepted",
                    "declined",
                    "expired",
                    "withdrawn",
                    "rescinded",
                    "superseded",
                ),
            ),
            LogColumn("created_at", INSTANT, is_required=True),
            LogColumn("approved_at", INSTANT),
            LogColumn("sent_at", INSTANT),
            LogColumn("resolved_at", INSTANT),
            LogColumn("start_date", DAY),
            LogColumn("fte", DECIMAL),
            RECORDED_AT,
        ),
        event_times=("created_at",),
        ordered=(("created_at", "resolved_at"), ("sent_at", "resolved_at")),
    ),
    LogTable(
        "hires",
        (
            _key("hire_id"),
            _refer("application_id", "applications"),
            _refer("opening_id", "openings", required=False),
            _refer("offer_id", "offers", required=False),
            LogColumn("accepted_at", INSTANT),
            LogColumn("hired_at", INSTANT, is_required=True),
            LogColumn("start_date", DAY),
            LogColumn("status", vocabulary=("pending_start", "started", "reneged", "ended")),
            LogColumn("contract_kind", vocabulary=("permanent", "fixed_term", "supply")),
            RECORDED_AT,
        ),
        event_times=("hired_at",),
    ),
    LogTable(
        "outcomes",
        (
            _key("outcome_id"),
            _refer("hire_id", "hires"),
            LogColumn("as_of", DAY, is_required=True),
            LogColumn("still_employed", FLAG, is_required=True),
            LogColumn("end_date", DAY),
            LogColumn("end_reason", vocabulary=END_REASONS),
            LogColumn("probation_passed", FLAG),
            LogColumn("performance_scale", vocabulary=("1-5", "1-4")),
            LogColumn("performance_value", DECIMAL),
            LogColumn("manager_satisfaction", DECIMAL),
            RECORDED_AT,
        ),
        event_times=("as_of",),
    ),
)

SOURCES_TABLE = raw_table(SOURCE, "sources")


def ensure_log_tables(connection: Connection) -> None:
    """Create the raw tables of imported logs that are missing, so that the transformation finds them with or without an import."""
    for table in LOG_TABLES:
        columns = ", ".join(f"{column.name} {RAW_TYPES[column.kind]}" for column in table.columns)
        connection.execute(
            f"create table if not exists {raw_table(SOURCE, table.name)} "
            f"(tenant_id varchar, {columns}, _batch_id bigint, _loaded_at timestamptz)"
        )
    connection.execute(
        f"create table if not exists {SOURCES_TABLE} (tenant_id varchar, import_name varchar, accidental_visit_rule boolean, "
        "is_recorded_at_given boolean, _batch_id bigint, _loaded_at timestamptz)"
    )
