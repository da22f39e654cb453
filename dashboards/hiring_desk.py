"""What the Hiring tab reads and does, over HTTP, in the name of the signed-in person.

Every POST carries an Idempotency-Key made of what is asked and of the version that the person saw: the same press twice, or after a
reload of the page, is the same request and happens once. Nothing is kept here; who may do what, the hiring core decides.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any, Final

import httpx

from dashboards.hiring_client import HiringClient, HiringUnavailable

_ASSESSED: Final = ("interviews",)  # what the assessments service keeps, by the first part of the path
_STALE: Final = frozenset({httpx.codes.CONFLICT, httpx.codes.PRECONDITION_FAILED})
_FIXES: Final = {
    "email": "write it like name@mail.example",
    "phone": "use digits, spaces and a leading +",
    "country": "use the two-letter code, for example GB",
    "salary_currency": "use the three-letter code, for example GBP",
    "subject": "use lower-case letters and underscores, for example modern_languages",
}
_LABELS: Final = {
    "email": "E-mail",
    "fte": "Full-time equivalent",
    "grade_range": "Grades",
    "headcount": "Openings",
    "owner_id": "In charge",
    "participant_ids": "Interviewers",
    "salary_minor": "Salary",
    "salary_currency": "Currency",
    "tenant_id": "School",
    "reason_id": "Reason",
    "to_stage": "Stage",
    "scheduled_start": "Start",
    "scheduled_end": "End",
}


class NotThere(LookupError):
    """There is no such thing in reach, or the service does not have it yet: the answer is the same."""


class Refused(RuntimeError):
    """The service refuses. The message is one sentence that names the field and the fix."""


class Changed(Refused):
    """What the person saw is not so any more."""


@dataclass(frozen=True)
class Done:
    """What a POST brought: the reply's body, and whether it had been done before."""

    body: Any
    is_repeated: bool


@dataclass(frozen=True)
class Desk:
    """The hiring core, and the assessments service where there is one, for one person."""

    token: str
    core: HiringClient
    assessments: HiringClient | None = None

    def read(self, path: str, **query: Any) -> Any:
        """Return what the service that keeps it answers.

        Raises:
            NotThere: 404. Refused: it may not be read. HiringUnavailable: no answer, or there is no such service.
        """
        asked = {name: value for name, value in query.items() if value is not None}
        return _done(self._keeper(path).exchange(self.token, "GET", path, params=asked)).body

    def search(self, path: str, body: dict[str, Any]) -> Any:
        """Return what the core finds: a POST that changes nothing, so that no name is in a URL. Raises like ``read``."""
        return _done(self.core.exchange(self.token, "POST", path, json=body)).body

    def read_all(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return every item of a list of the core, page by page; nothing where it may not be read."""
        return self.core.read(self.token, path, **query)

    def send(self, path: str, body: dict[str, Any] | None = None, *, seen: str = "", version: int | None = None) -> Done:
        """Do something once.

        Args:
            path: below ``/v1/``.
            body: what to send.
            seen: what tells this press from a later one of the same kind, where there is no version.
            version: of the thing as the person saw it; the service refuses when it has moved on.

        Raises:
            Changed: the thing has moved on. Refused: a field or a rule. NotThere: 404. HiringUnavailable: no answer.
        """
        headers = {"Idempotency-Key": press_key(self.token, path, body, f"{seen}@{version}")} | _if_match(version)
        reply = self._keeper(path).exchange(self.token, "POST", path, json=body or {}, headers=headers)
        return _done(reply, has_seen=bool(seen) or version is not None)

    def change(self, path: str, body: dict[str, Any], version: int) -> Done:
        """Change fields of a thing that is still as the person saw it; raises like ``send``."""
        return _done(self.core.exchange(self.token, "PATCH", path, json=body, headers=_if_match(version)), has_seen=True)

    def _keeper(self, path: str) -> HiringClient:
        if not path.startswith(_ASSESSED):
            return self.core
        if self.assessments is None:
            raise HiringUnavailable("there is no assessments service")
        return self.assessments


def press_key(token: str, path: str, body: dict[str, Any] | None, seen: str) -> str:
    """Return the Idempotency-Key of one press: equal for equal requests that a session makes from the same sight of things.

    Keyed with the session's token: a body holds names and addresses, which a plain digest would let others guess.
    """
    request = json.dumps([path, seen, body], sort_keys=True, default=str)
    return hmac.new(token.encode(), request.encode(), hashlib.sha256).hexdigest()


def sentence(problem: dict[str, Any]) -> str:
    """Return a problem as one sentence: the field and the fix where the service names them, else its own words."""
    faults = problem.get("errors") or []
    said = "; ".join(_fault(fault) for fault in faults) if faults else str(problem.get("detail") or "the service refuses it")
    field, separator, rest = said.partition(": ")
    if separator and field.isidentifier():
        said = f"{_label(field)}: {rest}"
    return f"{said[:1].upper()}{said[1:]}".rstrip(".") + "."


def _fault(fault: dict[str, str]) -> str:
    name = fault["field"].rpartition(".")[2]
    fix = _FIXES.get(name)
    message = fault["message"].removeprefix("Value error, ")
    if name == "body":  # a rule across fields names them itself
        return message
    return f"{_label(name)}: {fix or message[:1].lower() + message[1:]}"


def _label(name: str) -> str:
    return _LABELS.get(name) or name[:1].upper() + name[1:].replace("_", " ")


def _if_match(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


def _done(reply: httpx.Response, *, has_seen: bool = False) -> Done:
    if reply.status_code in _STALE and has_seen:
        raise Changed(f"Somebody changed this meanwhile. {sentence(_problem(reply))} The page shows how it stands now.")
    _check(reply)
    return Done(reply.json() if reply.content else None, reply.headers.get("Idempotency-Replayed") == "true")


def _check(reply: httpx.Response) -> None:
    if reply.status_code == httpx.codes.NOT_FOUND:
        raise NotThere(sentence(_problem(reply)))
    if reply.status_code == httpx.codes.UNAUTHORIZED:
        raise Refused("Your session has ended: reload the page and sign in again.")
    if reply.is_error:
        raise Refused(sentence(_problem(reply)))


def _problem(reply: httpx.Response) -> dict[str, Any]:
    try:
        told = reply.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
