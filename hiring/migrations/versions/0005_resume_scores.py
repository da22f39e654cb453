"""The résumé score: how much of what a job asks for a résumé shows, captured for the warehouse without the résumé."""

from hiring.migrations.sql_files import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the score and the instant it was known, capture the table and grant what the reader may see."""
    run_sql("0012_resume_scores")


def downgrade() -> None:
    """Refuse: scores already extracted would lose their source."""
    raise NotImplementedError("résumé scores are not dropped by a migration")
