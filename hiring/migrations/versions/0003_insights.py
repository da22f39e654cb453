"""The schema ``insights``: views, targets, alert rules and events, report schedules, receipts."""

from hiring.migrations.sql_files import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables anew, with the columns their routes need."""
    run_sql("0010_insights")


def downgrade() -> None:
    """Refuse: receipts and alert events are kept."""
    raise NotImplementedError("receipts and alert events are not dropped by a command")
