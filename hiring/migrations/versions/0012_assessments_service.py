"""Assessments as a service: known applications, uploads, queues of résumé parses and interview analyses."""

from hiring.migrations.sql_files import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the service's tables and give its job tables the columns of a queue."""
    run_sql("0019_assessments_service")


def downgrade() -> None:
    """Refuse: uploads that were not read yet would be lost."""
    raise NotImplementedError("uploads and assessment jobs are not dropped by a migration")
