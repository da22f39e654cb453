"""Checks the audit log against itself and against the anchors outside the database, and adds anchors. What doesn't belong here: purging."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.rows import namedtuple_row

from hiring.audit.anchors import Anchor, AnchorBook, AnchorRefused, spelled


@dataclass(frozen=True)
class Finding:
    """The first row that is not as it was written, and how that shows."""

    seq: int
    why: str


@dataclass
class Verdict:
    """What a check saw; no findings: the log is as it was written, up to the newest anchor at least."""

    rows_count: int = 0
    last_seq: int = 0
    purged_to: int = 0
    anchors: list[Anchor] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def open_log(url: str) -> psycopg.Connection[Any]:
    """Return a connection whose rows have names."""
    return psycopg.connect(url, row_factory=namedtuple_row, application_name="nexus audit")


def one(connection: psycopg.Connection[Any], statement: str, *values: object) -> Any:
    """Return the one row of a statement, None where there is none."""
    return connection.execute(statement.encode(), values).fetchone()


def verify(owner_url: str, book: AnchorBook) -> Verdict:
    """Check every row, the head, the purges' checkpoints and every anchor.

    Args:
        owner_url: Postgres URL that may read the log.
        book: the anchors; read before the log, so that every anchor's row should be there.

    Raises:
        AnchorRefused: the anchors' public key is missing or no such key.
    """
    verdict, key = Verdict(anchors=book.read()), book.public_key()
    with open_log(owner_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return check(connection, verdict, key)


def check(connection: psycopg.Connection[Any], verdict: Verdict, key: Ed25519PublicKey | None) -> Verdict:
    """Fill a verdict within a running transaction."""
    found = [Finding(row.bad_seq, row.why) for row in connection.execute("select bad_seq, why from audit.verify()")]
    end = one(connection, "select (select count(*) from audit.events) as rows, (select seq from audit.head) as seq")
    verdict.rows_count, verdict.last_seq = end.rows, end.seq or 0
    cut = one(connection, "select * from audit.checkpoints order by seq desc limit 1")
    if cut is not None:
        verdict.purged_to = cut.seq
        signed = Anchor(cut.seq, cut.hash, spelled(cut.at.astimezone(UTC)), cut.kept_count, cut.kept_hash, cut.signature)
        if key is None or not signed.is_signed_by(key):
            found.append(Finding(cut.seq, "the checkpoint of a purge up to here is not signed by the key of the anchors"))
    numbers = [anchor.seq for anchor in verdict.anchors]
    known = dict(connection.execute("select seq, row_hash from audit.events where seq = any(%s)", [numbers]).fetchall())
    if cut is not None:
        known.setdefault(cut.seq, cut.hash)
    found.extend(_against_anchors(verdict, key, known, [finding.seq for finding in found]))
    verdict.findings = sorted(found, key=lambda finding: finding.seq)
    return verdict


def _against_anchors(verdict: Verdict, key: Ed25519PublicKey | None, known: dict[int, str], bad: list[int]) -> list[Finding]:
    """Return what the anchors say; between two of them, the log's own check may know the row."""
    found, agreed = [], verdict.purged_to
    for anchor in sorted(verdict.anchors, key=lambda each: each.seq):
        if key is None or not anchor.is_signed_by(key):
            found.append(Finding(anchor.seq, f"the anchor of {anchor.at} is not signed by the key of the anchors"))
        elif anchor.seq > verdict.last_seq:
            why = f"rows up to {anchor.seq} were anchored at {anchor.at}, the log ends with row {verdict.last_seq}: its end was cut off"
            found.append(Finding(verdict.last_seq + 1, why))
        elif anchor.seq == 0 or known.get(anchor.seq) == anchor.hash:
            agreed = max(agreed, anchor.seq)
        elif anchor.seq in known or anchor.seq > verdict.purged_to:
            why = f"row {anchor.seq} is not the one anchored at {anchor.at}: the log was written anew from here, or between here and it"
            found.append(Finding(min((seq for seq in bad if agreed < seq <= anchor.seq), default=agreed + 1), why))
    return found


def add_anchor(reader_url: str, book: AnchorBook, now: datetime) -> Anchor | None:
    """Sign the end of the chain and keep it; None when nothing was logged since the last anchor.

    Args:
        reader_url: Postgres URL that may read the head.
        book: where the anchor goes.
        now: the instant it is.

    Raises:
        AnchorRefused: the log ends before the last anchor, or at it with another hash.
    """
    key, last = book.signing_key(), max(book.read(), key=lambda each: each.seq, default=None)
    with open_log(reader_url) as connection:
        head = one(connection, "select seq, hash from audit.head")
    if head is None:
        raise AnchorRefused("the audit log has no head: run `nexus audit verify`")
    if last and (head.seq < last.seq or (head.seq == last.seq and head.hash != last.hash)):
        raise AnchorRefused(f"the log ends with row {head.seq}, row {last.seq} was anchored otherwise: run `nexus audit verify`")
    if last and head.seq == last.seq:
        return None
    anchor = Anchor(head.seq, head.hash, spelled(now)).signed(key)
    book.add(anchor)
    return anchor
