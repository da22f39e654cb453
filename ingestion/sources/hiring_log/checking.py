"""Judging imported rows: each is good or goes to quarantine with one reason code and a sentence.

What belongs here: the reasons and the SQL that finds them. What doesn't: files (reading) and the warehouse's tables (importing).

Reasons, the first that applies: ``malformed_row`` (a line or value that can't be read), ``missing_value``, ``unknown_enum``,
``impossible_time`` (before 1990, in the future, or an end before its start), ``dangling_key``, ``duplicate_key``.
"""

from collections.abc import Set
from datetime import datetime

from ingestion.sources.hiring_log.mapping import literal
from ingestion.sources.hiring_log.reading import instant_sql
from ingestion.sources.hiring_log.tables import DAY, DECIMAL, FLAG, INSTANT, RECORDED_AT, SOURCE, WHOLE, LogColumn, LogTable
from warehouse.connection import Connection, scalar
from warehouse.names import raw_table

REASONS = ("malformed_row", "missing_value", "unknown_enum", "impossible_time", "dangling_key", "duplicate_key")
EARLIEST = "1990-01-01"
EXPECTED = {INSTANT: "an instant", DAY: "a date", WHOLE: "a whole number", DECIMAL: "a number", FLAG: "true or false"}


def typed_sql(column: LogColumn, instant_format: str | None) -> str:
    """Return SQL that reads a column's text in its kind, or null."""
    text = f"nullif(trim({column.name}), '')"
    if column.kind == INSTANT:
        instant = instant_sql(text, instant_format)
        return f"case when isfinite({instant}) then {instant} end"
    if column.kind == DAY:
        day = f"coalesce(try_cast({text} as date), {instant_sql(text, instant_format)}::date)"
        return f"case when isfinite({day}) then {day} end"
    if column.kind == WHOLE:
        return rf"case when regexp_full_match({text}, '[+-]?\d+') then try_cast({text} as integer) end"
    if column.kind == DECIMAL:
        return f"case when try_cast({text} as decimal(38, 10)) is not null then {text} end"
    if column.kind == FLAG:
        return f"try_cast({text} as boolean)"
    return text


def check_table(
    connection: Connection,
    table: LogTable,
    tenant_id: str,
    present: Set[str],
    now: datetime,
    instant_format: str | None,
    rejected: str | None,
) -> int:
    """Judge ``temp.main._read_<table>``: good rows to ``_good_<table>``, typed; the others to ``_bad_<table>``. Return the rejected lines.

    ``present`` names the tables in which ids can be looked up; a reference to a table that nobody has brought is not judged.
    """
    name = table.name
    typed = ", ".join(f"{typed_sql(column, instant_format)} as {column.name}" for column in table.columns)
    problems = ", ".join(
        f"nullif(concat_ws('; ', {', '.join(parts)}), '') as {reason}" if parts else f"null::varchar as {reason}"
        for reason, parts in _problems(table, present, now).items()
    )
    texts = ", ".join(f"'{column.name}': given.{column.name}" for column in table.columns)
    connection.execute(
        f"""
        create or replace temp table _judged_{name} as
        with typed as (select _row, {typed} from temp.main._read_{name}),
        judged as (
          select typed.*, to_json({{{texts}}}) as row_json, {problems}
          from typed join temp.main._read_{name} given using (_row)
        ),
        filled as (
          select * replace (coalesce(recorded_at, {_event_time(table)}) as recorded_at),
                 coalesce(malformed_row, missing_value, unknown_enum, impossible_time, dangling_key) as problem,
                 case when malformed_row is not null then 'malformed_row' when missing_value is not null then 'missing_value'
                      when unknown_enum is not null then 'unknown_enum' when impossible_time is not null then 'impossible_time'
                      when dangling_key is not null then 'dangling_key' end as reason
          from judged
        )
        select *, reason is null and row_number() over (
                 partition by {table.key}, reason is null order by recorded_at desc, row_json::varchar desc, _row) > 1 as is_repeated
        from filled
        """,
        [tenant_id] * sum(1 for column in table.columns if column.refers_to in present),
    )
    columns = ", ".join(column.name for column in table.columns)
    connection.execute(
        f"create or replace temp table _good_{name} as "
        f"select {columns} from temp.main._judged_{name} where reason is null and not is_repeated"
    )
    lines = f"union all select _row, 'malformed_row', to_json({{'line': line}})::varchar, problem from {rejected}" if rejected else ""
    connection.execute(
        f"""
        create or replace temp table _bad_{name} as
        select _row as row_number, coalesce(reason, 'duplicate_key') as reason, row_json::varchar as row_json,
               coalesce(problem, '{table.key}: another row has the same id') as problem
        from temp.main._judged_{name} where reason is not null or is_repeated
        {lines}
        """
    )
    return int(scalar(connection, f"select count(*) from {rejected}")) if rejected else 0


def _problems(table: LogTable, present: Set[str], now: datetime) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {reason: [] for reason in REASONS[:-1]}
    latest = literal(now.isoformat())
    for column in table.columns:
        name, given = column.name, f"nullif(trim(given.{column.name}), '')"
        if column.kind in EXPECTED:
            found["malformed_row"].append(
                f"case when {given} is not null and typed.{name} is null then '{name}: not {EXPECTED[column.kind]}' end"
            )
        if column.is_required:
            found["missing_value"].append(f"case when {given} is null then '{name}: missing' end")
        if column.vocabulary:
            words = ", ".join(map(literal, column.vocabulary))
            found["unknown_enum"].append(f"case when typed.{name} not in ({words}) then '{name}: ' || typed.{name} || ' is not known' end")
        if column.kind == INSTANT:
            found["impossible_time"].append(f"case when typed.{name} < '{EARLIEST}' then '{name}: before {EARLIEST}' end")
            found["impossible_time"].append(f"case when typed.{name} > {latest} then '{name}: in the future' end")
        if column.refers_to in present:
            parent = column.refers_to
            found["dangling_key"].append(
                f"case when typed.{name} is not null and typed.{name} not in (select {parent[:-1]}_id from temp.main._good_{parent}) "
                f"and typed.{name} not in (select {parent[:-1]}_id from {raw_table(SOURCE, parent)} where tenant_id = ?) "
                f"then '{name}: no such row in {parent}' end"
            )
    for start, end in table.ordered:
        found["impossible_time"].append(f"case when typed.{end} < typed.{start} then '{end}: before {start}' end")
    if not any(column.name in table.event_times and column.is_required for column in table.columns):
        found["missing_value"].append(
            f"case when coalesce(typed.{RECORDED_AT.name}, {_event_time(table, 'typed.')}) is null "
            f"then '{RECORDED_AT.name}: missing, and so is {' and '.join(table.event_times)}' end"
        )
    return found


def _event_time(table: LogTable, prefix: str = "") -> str:
    return "coalesce(" + ", ".join(f"{prefix}{name}::timestamptz" for name in table.event_times) + ")"
