"""Retention: rows are purged after two years, grants after three, and what stays can still be verified.

A purge cuts the chain at one row. A checkpoint signed with the key of the anchors holds that row's hash, which the next row repeats, and
one hash over the rows before it that stay: the chain around those is gone. Only the owner's login may do this.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import psycopg

from hiring.audit.anchors import Anchor, AnchorBook, spelled
from hiring.audit.operators import operator
from hiring.audit.verification import Verdict, check, one, open_log

YEARS = 2


class PurgeRefused(ValueError):
    """The day is too late, a reason is missing, or the log is not as it was written. The message says which."""


@dataclass(frozen=True)
class Purge:
    """What a purge removed or, on a dry run, would: rows up to ``cut``, of which ``kept_count`` stay."""

    cut: int
    deleted_count: int
    kept_count: int


def purge(owner_url: str, book: AnchorBook, before: date, reason: str, now: datetime, *, is_dry: bool) -> Purge:
    """Delete rows from before a day, and grants from a year before it; log it in the same transaction.

    Args:
        owner_url: Postgres URL of the database's owner.
        book: the anchors: the log is checked against them first, and the cut becomes one of them.
        before: midnight UTC of this day; at least two years ago.
        reason: a sentence, kept in the log.
        now: the instant it is.
        is_dry: count, delete nothing.

    Raises:
        PurgeRefused: a rule is broken; nothing was deleted.
    """
    if before > _years_before(now.date(), YEARS):
        raise PurgeRefused(f"--before: rows are kept {YEARS} years: choose {_years_before(now.date(), YEARS)} or earlier")
    if len(reason.strip()) < 10 and not is_dry:
        raise PurgeRefused("--reason: say in a sentence why rows are purged")
    until, grants_until = (datetime.combine(day, time(), UTC) for day in (before, _years_before(before, 1)))
    key = book.signing_key()
    verdict = Verdict(anchors=book.read())
    with open_log(owner_url) as connection:
        connection.execute("lock table audit.checkpoints in exclusive mode")  # one purge at a time
        if findings := check(connection, verdict, key.public_key()).findings:
            raise PurgeRefused(f"the log is not as it was written (row {findings[0].seq}: {findings[0].why}): nothing is purged from it")
        cut, cut_hash = _cut(connection, verdict.purged_to, until)
        if not cut:
            return Purge(0, 0, 0)
        deleted = one(connection, "select audit.purge(%s, %s) as rows", cut, grants_until).rows
        kept = one(connection, "select count(*) as rows, audit.kept_hash(%s) as hash from audit.events where seq <= %s", cut, cut)
        if is_dry or not deleted:
            connection.rollback()
            return Purge(cut, deleted, kept.rows)
        signed = Anchor(cut, cut_hash, spelled(now), kept.rows, kept.hash).signed(key)
        connection.execute(
            "insert into audit.checkpoints (seq, hash, at, kept_count, kept_hash, signature) values (%s, %s, %s, %s, %s, %s)"
            " on conflict (seq) do update set at = excluded.at, kept_count = excluded.kept_count, kept_hash = excluded.kept_hash,"
            " signature = excluded.signature",  # the same cut again: grants kept from before it have aged
            [cut, signed.hash, now, kept.rows, kept.hash, signed.signature],
        )
        log_by_operator(connection, "audit.purge", "audit_log", reason=reason, rows_affected=deleted)
        book.add(signed)  # before the commit: a line too many says nothing untrue, a line too few could hide a cut
    return Purge(cut, deleted, kept.rows)


def _cut(connection: psycopg.Connection[Any], purged_to: int, until: datetime) -> tuple[int, str]:
    """Return the last row before the first that stays, else the last cut; 0 where there is neither."""
    stays = one(connection, "select min(seq) as seq from audit.events where seq > %s and at >= %s", purged_to, until).seq
    behind = "select seq, row_hash as hash from audit.events where seq > %s and (%s::bigint is null or seq < %s) order by seq desc limit 1"
    found = one(connection, behind, purged_to, stays, stays) or one(
        connection, "select seq, hash from audit.checkpoints where seq = %s", purged_to
    )
    return (found.seq, found.hash) if found else (0, "")


def log_by_operator(
    connection: psycopg.Connection[Any], action: str, object_type: str, *, reason: str | None = None, rows_affected: int | None = None
) -> None:
    """Log what was done at the command line with the owner's login, in the connection's transaction, as its last statement."""
    connection.execute(
        "insert into audit.events (actor, actor_type, action, object_type, reason, outcome, rows_affected)"
        " values (%s, 'system', %s, %s, %s, 'ok', %s)",
        [operator(), action, object_type, reason, rows_affected],
    )


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
