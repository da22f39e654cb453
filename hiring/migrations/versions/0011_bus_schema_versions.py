"""The event bus: versions of payload schemas."""

from hiring.migrations.sql_files import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the version to outbox and log."""
    run_sql("0018_bus_schema_versions")


def downgrade() -> None:
    """Refuse: events of later versions would pass for the first."""
    raise NotImplementedError("the version of logged events is not dropped by a migration")
