"""The event bus: log, offsets, refused events."""

from hiring.migrations.sql_files import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables of the bus."""
    run_sql("0013_bus")


def downgrade() -> None:
    """Refuse: events that were not delivered yet would be lost."""
    raise NotImplementedError("the event log is not dropped by a migration: undelivered events would be lost")
