"""Slows guessing down: failed sign-ins by account and by network address, counted in Postgres, so that every process counts the same.

An attempt counts as failed before it is judged and is taken back when it succeeds: a burst of parallel guesses, or a process that
dies in the middle, gains nothing. Attempts that are turned away don't count: nobody can keep somebody else locked out for free.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from foundation.pseudonyms import keyed_hash
from hiring.errors import TooManyRequests
from hiring.identity.tables import sign_in_attempts as attempts

FORGOTTEN_AFTER = timedelta(hours=1)
LONGEST_DELAY = timedelta(minutes=15)
_LONGEST_EXPONENT = 10  # 2^10 s is beyond the longest delay; more would only overflow


class TooManySignIns(TooManyRequests):
    """Too many failed sign-ins of this account or from this address; whether the account exists is not told."""


@dataclass(frozen=True)
class Attempt:
    """A counted attempt: the hashes it counts under, and whether it closed the account for a while if it fails."""

    account: str | None
    address: str
    locks_account: bool


@dataclass(frozen=True)
class Throttle:
    """Counts attempts.

    Attributes:
        session_maker: of transactions of its own: counts stay when the request fails.
        key: key of the hashes.
        free_per_account: failures of an account without a delay; each one more doubles it, from one second to 15 minutes.
        free_per_address: the same for a network address, which a whole school may share.
    """

    session_maker: sessionmaker[Session]
    key: str
    free_per_account: int
    free_per_address: int

    def count(self, account: str | None, ip: str | None, now: datetime) -> Attempt:
        """Count an attempt as failed until it succeeds.

        Args:
            account: hash of the e-mail; None where a provider knows it and we don't yet.
            ip: network address; None is an address too.
            now: instant of the attempt.

        Raises:
            TooManySignIns: not before the delay is over. The attempt was not counted.
        """
        mine = None if account is None else keyed_hash(self.key, f"sign-in account|{account}")
        from_there = keyed_hash(self.key, f"sign-in address|{ip}")
        with self.session_maker.begin() as session:  # always the account before the address: no two attempts wait for each other
            failures = 0 if mine is None else _count(session, mine, self.free_per_account, now)
            _count(session, from_there, self.free_per_address, now)
        return Attempt(mine, from_there, failures == self.free_per_account + 1)

    def succeed(self, session: Session, attempt: Attempt) -> None:
        """Forget the account's failures and take the attempt back from its address, whose other failures stay."""
        if attempt.account is not None:
            session.execute(delete(attempts).where(attempts.c.subject_hash == attempt.account))
        values = {"failures": func.greatest(attempts.c.failures - 1, 0), "blocked_until": None}
        session.execute(update(attempts).where(attempts.c.subject_hash == attempt.address).values(**values))

    def forget(self, session: Session, now: datetime) -> None:
        """Delete what was long ago, a piece at a time and never in anybody's way."""
        old = select(attempts.c.subject_hash).where(attempts.c.last_at < now - FORGOTTEN_AFTER).limit(100)
        session.execute(delete(attempts).where(attempts.c.subject_hash.in_(old.with_for_update(skip_locked=True))))


def _count(session: Session, subject_hash: str, free: int, now: datetime) -> int:
    is_new_streak = attempts.c.last_at < now - FORGOTTEN_AFTER
    failures = case((is_new_streak, 1), else_=attempts.c.failures + 1)
    exponent = func.least(failures - free - 1, _LONGEST_EXPONENT)
    delay = func.least(func.make_interval(0, 0, 0, 0, 0, 0, func.power(2.0, exponent)), LONGEST_DELAY)
    fresh = insert(attempts).values(subject_hash=subject_hash, failures=1, last_at=now)
    counted = session.execute(
        fresh.on_conflict_do_update(
            index_elements=["subject_hash"],
            set_={"failures": failures, "last_at": now, "blocked_until": case((failures > free, now + delay), else_=None)},
            where=or_(attempts.c.blocked_until.is_(None), attempts.c.blocked_until <= now),
        ).returning(attempts.c.failures)
    ).scalar()
    if counted is None:
        blocked_until = session.execute(select(attempts.c.blocked_until).where(attempts.c.subject_hash == subject_hash)).scalar() or now
        seconds = max(ceil((blocked_until - now).total_seconds()), 1)
        raise TooManySignIns(f"too many failed attempts: try again in {seconds} s", seconds)
    return int(counted)
