"""Migration of an earlier system: imports, what they loaded and set aside, and the dual-write window."""

from hiring.migrations.sql_files import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the schema ``legacy``."""
    run_sql("0021_legacy")


def downgrade() -> None:
    """Refuse: without these tables nobody knows which rows an import made."""
    raise NotImplementedError("the record of imports is not dropped by a migration: roll imports back first")
