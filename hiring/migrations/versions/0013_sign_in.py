"""Refresh tokens, counted sign-in attempts, people known by a provider, and API keys that succeed each other."""

from hiring.migrations.sql_files import run_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Change the sessions, add the tables and grant them to the API; everybody signs in once after it."""
    run_sql("0020_sign_in")


def downgrade() -> None:
    """Refuse: sessions and rotated keys would stop working."""
    raise NotImplementedError("sessions with refresh tokens are not turned back into opaque ones")
