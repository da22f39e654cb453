"""Which column of a file is which column of a hiring log: by its documented name, or as a TOML file says. Values stay as they are.

The TOML file has a section a table: documented column = column of the file.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from hiring.legacy.log_format import LOG_TABLES, LogTable

Names = Mapping[str, Mapping[str, str]]


class BadLogFolder(ValueError):
    """The folder can't be read as a hiring log. The message names the file and the fix."""


def read_names(path: Path) -> Names:
    """Return the file's names of columns, by table and documented column.

    Raises:
        BadLogFolder: it is no TOML, or names tables or columns that hiring logs do not have.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of the TOML, or of its encoding
        raise BadLogFolder(f"{path.name} is not TOML: {error}") from error
    for name, columns in said.items():
        table = LOG_TABLES.get(name)
        if table is None:
            raise BadLogFolder(f"{path.name}: [{name}] is no table of a hiring log{_nearest(name, LOG_TABLES)}")
        if not isinstance(columns, dict):
            raise BadLogFolder(f'{path.name}: write {name} as a section: [{name}], then lines such as {table.key} = "your column"')
        for column, source in columns.items():
            if column not in table.columns:
                raise BadLogFolder(f"{path.name}: [{name}] has no column {column}{_nearest(column, table.columns)}")
            if not isinstance(source, str):
                raise BadLogFolder(f"{path.name}: [{name}] {column}: write the name of a column in quotes")
    return said


def sources_of(table: LogTable, file: str, header: Iterable[str], names: Names) -> dict[str, str]:
    """Return the file's column of each documented column that it has.

    Args:
        table: of the log.
        file: its name, for messages.
        header: the columns it has.
        names: see ``read_names``.

    Raises:
        BadLogFolder: a column that rows need, or one that was named, is not there.
    """
    there, named = list(header), names.get(table.name, {})
    sources = {column: named.get(column, column) for column in table.columns}
    for column, source in sources.items():
        if source in there:
            continue
        if column in named:
            raise BadLogFolder(f"{file} has no column {source}, which --columns names for {column}{_nearest(source, there)}")
        if column in table.required:
            free = [each for each in there if each not in sources.values()]
            fix = f'rename it, or name yours in a file for --columns: [{table.name}] {column} = "…"'
            raise BadLogFolder(f"{file} has no column {column}{_nearest(column, free)}; {fix}")
    return {column: source for column, source in sources.items() if source in there}


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return ``; the nearest is …``, whatever the case and the signs between words; or what there is."""
    plain = {"".join(filter(str.isalnum, each)).lower(): each for each in known}
    found = difflib.get_close_matches("".join(filter(str.isalnum, name)).lower(), plain, n=1, cutoff=0.5)
    if found:
        return f"; the nearest is {plain[found[0]]}"
    return f"; there are {', '.join(sorted(plain.values()))}" if plain else ""
