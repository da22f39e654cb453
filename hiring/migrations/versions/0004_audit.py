"""The audit log, and the one door through which released survey answers are deleted."""

from hiring.migrations.sql_files import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the log and its functions, and grant what each role may do with them."""
    run_sql("0011_audit")


def downgrade() -> None:
    """Refuse: an audit log is never dropped by a command."""
    raise NotImplementedError("the audit log is not dropped by a migration")
