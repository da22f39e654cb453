"""Answers as text and bytes: CSV that a spreadsheet may open, Arrow for programs, JSON rows. No figure is changed."""

import io
from collections.abc import Mapping

import polars as pl


def csv(table: pl.DataFrame) -> str:
    """Return a table as CSV text; a cell that a spreadsheet would run as a formula is quoted with an apostrophe."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    guarded = table.with_columns(
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r]")).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name) for name in texts
    )
    buffer = io.StringIO()
    guarded.write_csv(buffer)
    return buffer.getvalue()


def arrow(table: pl.DataFrame, about: Mapping[str, str]) -> bytes:
    """Return a table as an Arrow IPC stream; ``about`` becomes the schema's metadata."""
    import pyarrow as pa  # half a second to load, and asked for by programs alone

    rows = table.to_arrow().replace_schema_metadata({name.encode(): text.encode() for name, text in about.items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def json_rows(table: pl.DataFrame) -> str:
    """Return a table as a JSON list of objects; dates are ISO texts, a value that is not a number is null."""
    numbers = [name for name, kind in table.schema.items() if kind.is_float()]
    return table.with_columns(pl.col(numbers).fill_nan(None)).write_json() if table.height else "[]"
