"""The two database roles: ``hiring_app`` writes, ``warehouse_reader`` extracts without personal columns."""

from hiring.migrations.sql_files import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the roles if they are missing and grant what each may do."""
    run_sql("0009_roles")


def downgrade() -> None:
    """Refuse: roles belong to the whole server and may serve other databases."""
    raise NotImplementedError("roles are not dropped by a migration: revoke them by hand")
