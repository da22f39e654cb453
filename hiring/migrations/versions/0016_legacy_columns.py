"""Names of columns that an import's files have instead of the documented ones."""

from alembic import op

from hiring.migrations.sql_files import run_sql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add ``legacy.imports.columns``."""
    run_sql("0024_legacy_columns")


def downgrade() -> None:
    """Drop it: imports of files with other names can't be reported any more."""
    op.execute("alter table legacy.imports drop column columns")
