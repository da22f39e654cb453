"""The hire saga: where each hire under way stands."""

from hiring.migrations.sql_files import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table of sagas, captured for the warehouse without the offers' terms."""
    run_sql("0016_hire_saga")


def downgrade() -> None:
    """Refuse: hires under way would be left half done."""
    raise NotImplementedError("sagas are not dropped by a migration: hires under way would be left half done")
