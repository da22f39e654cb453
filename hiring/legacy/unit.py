"""One transaction of an import: what it makes and what it sets aside are committed together, with the mark of the transaction itself.

It holds several jobs or applications, one after the other. Rows that the rules refuse are few: each job or application is tried with a
single savepoint, and only where something of it is refused again, with a savepoint for every step, so that the others stay.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg.errors
from pydantic import ValidationError
from sqlalchemy import BigInteger, Text, cast, func
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.domain_events import recorded_together
from hiring.errors import Problem, words
from hiring.legacy.reading import LogRow, Refused
from hiring.legacy.tables import loaded, quarantine, transactions
from hiring.rows import AnyRow, forget_stamps

REFUSALS = (Problem, ValidationError, DataError, IntegrityError)


class RuleRefused(Problem):
    """A row that the import itself refuses: its reason is a code of its own."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the code and the sentence."""
        super().__init__(detail)
        self.reason = reason


def why(error: Exception) -> tuple[str, str]:
    """Return the reason code and the sentence of a refusal; neither holds a value of the row."""
    if isinstance(error, RuleRefused):
        return error.reason, error.detail
    if isinstance(error, Problem):
        return "_".join(words(type(error).__name__)), error.detail
    if isinstance(error, ValidationError):
        fault = error.errors(include_input=False, include_url=False)[0]
        return "invalid_value", f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
    cause = getattr(error, "orig", None)
    name = cause.diag.constraint_name if isinstance(cause, psycopg.errors.Error) else None
    return "refused_by_database", f"a value breaks the rule {name}" if name else "a value does not fit its column"


def _without_addresses(content: Mapping[str, str]) -> dict[str, str]:
    return {name: "(address)" if "@" in value else value for name, value in content.items()}


@dataclass
class Unit:
    """The running transaction.

    Attributes:
        session: of the transaction.
        access: of the import.
        import_id: which import.
        tenant_id: its school.
        made_rows: core ids by table and id in the log.
        refused_rows: what is set aside.
        locked: applications as this transaction last locked or changed them, by id.
    """

    session: Session
    access: Access
    import_id: UUID
    tenant_id: UUID
    made_rows: dict[tuple[str, str], UUID] = field(default_factory=dict)
    refused_rows: list[Refused] = field(default_factory=list)
    locked: dict[UUID, AnyRow] = field(default_factory=dict)
    _is_careful: bool = False

    def do(self, work: Callable[["Unit"], None]) -> None:
        """Do what belongs to one job or application."""
        made, refused_count = dict(self.made_rows), len(self.refused_rows)
        try:
            with self._savepoint():
                work(self)
        except REFUSALS:
            self.made_rows = made
            del self.refused_rows[refused_count:]
            self._is_careful = True
            work(self)
        finally:
            self._is_careful = False
            self.locked.clear()

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        try:
            with self.session.begin_nested(), recorded_together(self.session):
                yield
        except REFUSALS:
            self.locked.clear()
            raise

    def made(self, table: str, source_id: str, core_id: UUID) -> None:
        """Keep that a row of the log is now a row of the core."""
        self.made_rows[table, source_id] = core_id

    def refuse(self, row: LogRow, reason: str, problem: str) -> None:
        """Set a row aside."""
        self.refused_rows.append(Refused(row.table, row.number, row.source_id, reason, problem, row.given))

    @contextmanager
    def attempt(self, *rows: LogRow) -> Iterator[None]:
        """Do something that the rules may refuse: then nothing of it stays, and the first row is set aside with those that hang on it."""
        if not self._is_careful:
            try:
                yield
            finally:
                forget_stamps(self.session)
            return
        before = dict(self.made_rows)
        try:
            with self._savepoint():
                yield
        except REFUSALS as error:
            self.made_rows = before
            reason, problem = why(error)
            for row in rows[:1]:
                self.refuse(row, reason, problem)
            for row in rows[1:]:
                self.refuse(row, "dangling_key", f"the row of {rows[0].table} it belongs to was set aside ({reason})")
        finally:
            forget_stamps(self.session)

    def settle(self) -> None:
        """Write down what was made and set aside, and the transaction's mark; the last thing before the commit.

        What looks like an address is not kept: the quarantine is no home of personal data.
        """
        xid = cast(cast(func.pg_current_xact_id(), Text), BigInteger)
        mark = upsert(transactions).values(xid=xid, import_id=self.import_id)
        self.session.execute(mark.on_conflict_do_nothing())
        if self.made_rows:
            common = {"tenant_id": self.tenant_id, "import_id": self.import_id}
            rows: list[dict[str, Any]] = [
                {**common, "log_table": table, "source_id": source_id, "core_id": core_id}
                for (table, source_id), core_id in self.made_rows.items()
            ]
            self.session.execute(loaded.insert(), rows)
        if self.refused_rows:
            aside = [
                {
                    "import_id": self.import_id, "log_table": row.table, "row_number": row.number, "source_id": row.source_id,
                    "reason": row.reason, "problem": row.problem, "content": _without_addresses(row.content),
                }
                for row in self.refused_rows
            ]  # fmt: skip
            self.session.execute(upsert(quarantine).on_conflict_do_nothing(), aside)
