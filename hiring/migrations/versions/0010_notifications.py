"""The notification service's tables: what its deliveries carry, and who wants to be told what."""

from hiring.migrations.sql_files import run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Let deliveries be leased and skipped, and add preferences."""
    run_sql("0017_notifications")


def downgrade() -> None:
    """Refuse: messages that wait would never be sent, and people who unsubscribed would be written to again."""
    raise NotImplementedError("deliveries and preferences are not dropped by a migration")
