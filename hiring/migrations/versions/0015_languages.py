"""The language people want letters in; where an interview takes place, and which interview a letter is about."""

from hiring.migrations.sql_files import run_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the columns."""
    run_sql("0022_languages", "0023_interview_places")


def downgrade() -> None:
    """Refuse: what people asked for would be lost."""
    raise NotImplementedError("the language people chose and the places of interviews are not dropped by a migration")
