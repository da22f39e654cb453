"""Run one of the SQL files beside the revisions, as written: dollar quotes, percent signs and all."""

from pathlib import Path

from alembic import op

FOLDER = Path(__file__).parent / "sql"


def run_sql(*names: str) -> None:
    """Execute ``sql/<name>.sql`` for each name, in order, inside the revision's transaction."""
    connection = op.get_bind().execution_options(no_parameters=True)
    for name in names:
        connection.exec_driver_sql((FOLDER / f"{name}.sql").read_text())
