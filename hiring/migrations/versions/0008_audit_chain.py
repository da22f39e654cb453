"""The audit log as a hash chain: a locked head, a digest a row, verification, and a purge that leaves the chain verifiable."""

from hiring.migrations.sql_files import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Chain the rows there are, in their order, and every row from now on."""
    run_sql("0015_audit_chain")


def downgrade() -> None:
    """Refuse: without the chain, rows could be changed unnoticed."""
    raise NotImplementedError("the chain of the audit log is not taken off by a migration")
