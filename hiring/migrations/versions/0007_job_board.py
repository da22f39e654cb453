"""The public job board: indexes of its search."""

from hiring.migrations.sql_files import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the indexes."""
    run_sql("0014_job_board")


def downgrade() -> None:
    """Drop the indexes."""
    run_sql("0014_job_board_down")
