"""Schema migrations of the hiring database, run by alembic as the owner. What doesn't belong here: data of any school."""

from hiring.migrations.runner import upgrade

__all__ = ["upgrade"]
