"""Self-identification answers, read whole into private tables and replaced each time.

They never touch raw: no history, no batch, no instant of loading. Only the pipeline's private step calls this.
"""

from ingestion.snapshots import open_snapshot
from warehouse.connection import Connection, scalar
from warehouse.names import Layer

COLUMNS = {
    "responses": (
        "dei_key",
        "tenant_id",
        "submitted_on",
        "question_set_version",
        "gender",
        "ethnicity",
        "age_band",
        "disability",
        "veteran",
        "locale",
    ),
    "invitations": ("dei_key", "tenant_id", "invited_on", "question_set_version", "locale"),
}


def load_equity(source_url: str, connection: Connection) -> dict[str, int]:
    """Replace ``private.equity_responses`` and ``private.equity_invitations`` by the source's present rows; return rows by table.

    Runs in a transaction of its own on an open build connection.

    Raises:
        SourceUnavailable: the source cannot be read; the private tables stay as they were.
    """
    counts = {}
    connection.begin()
    try:
        with open_snapshot(source_url) as source:
            for table, columns in COLUMNS.items():
                target = f"{Layer.PRIVATE}.equity_{table}"
                selected = ", ".join(f"{column}::text as {column}" if column == "tenant_id" else column for column in columns)
                with source.stream(f"select {selected} from equity.{table} order by dei_key") as reader:
                    connection.register("_stream", reader)
                    connection.execute(f"create or replace table {target} as select * from _stream")
                    connection.unregister("_stream")
                counts[f"equity_{table}"] = int(scalar(connection, f"select count(*) from {target}"))
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return counts
