"""What the hiring core keeps for Insights, as the pipeline and the command line use it over HTTP: rules, events, schedules, targets.

What belongs here: requests and their errors. What doesn't: judging a rule (metrics.alerting) or sending anything (foundation.delivery).
"""

import json
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation import logs
from foundation.settings import Home, MissingSecret

_KEY = "pipeline_api_key"


class InsightsUnavailable(RuntimeError):
    """The hiring API can't be reached, or refused a request. The message says which of the two, never what was asked."""


class InsightsSettings(BaseSettings):
    """Where the hiring API is, from ``NEXUS_INSIGHTS_*``."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_INSIGHTS_", frozen=True, extra="ignore")

    hiring_url: str = Field("", description="base URL of the hiring API; unset: the one `nexus up` wrote to run/addresses.json")


class InsightsApi:
    """A small client with the pipeline's own key; close it, or use it in a ``with`` block."""

    def __init__(self, address: str, key: str, timeout_seconds: float = 10) -> None:
        self._http = httpx.Client(
            base_url=address,
            timeout=timeout_seconds,
            headers={"Authorization": f"Bearer {key}"},
            event_hooks={"request": [logs.carry_correlation]},
        )

    @classmethod
    def open(cls, home: Home) -> Self:
        """Return a client of the running hiring API.

        Raises:
            InsightsUnavailable: no address or no key is known; the message names what is missing.
        """
        address, file = InsightsSettings().hiring_url, home.root / "run" / "addresses.json"
        if not address and file.exists():
            address = json.loads(file.read_text()).get("hiring", "")
        if not address:
            raise InsightsUnavailable("the hiring service is not running: start it with `nexus up`")
        try:
            return cls(address, home.read_secret(_KEY))
        except MissingSecret as error:
            raise InsightsUnavailable(str(error)) from error

    def rules(self, **conditions: str) -> Iterator[dict[str, Any]]:
        """Yield alert rules, oldest first."""
        return self._pages("/v1/alert-rules", conditions)

    def rule(self, rule_id: str) -> dict[str, Any] | None:
        """Return one rule, None when there is none."""
        return self._found(f"/v1/alert-rules/{rule_id}")

    def record(self, rule_id: str, evaluation: dict[str, Any]) -> dict[str, Any] | None:
        """Keep what a rule saw; return the event to deliver now, if there is one."""
        verdict: dict[str, Any] = self._send("POST", f"/v1/alert-rules/{rule_id}/evaluations", json=evaluation).json()
        event: dict[str, Any] | None = verdict["event"]
        return event

    def recipient(self, rule_id: str) -> dict[str, Any] | None:
        """Return where a rule's alerts go, None when that person is gone or no longer entitled. Never to be logged."""
        return self._found(f"/v1/alert-rules/{rule_id}/recipient")

    def settle(self, event_id: str, error: str | None) -> None:
        """Keep how the delivery of an event went; ``error`` is a code, None for sent."""
        self._send("PATCH", f"/v1/alert-events/{event_id}", json={"delivery": "failed" if error else "sent", "error": error})

    def schedules(self) -> Iterator[dict[str, Any]]:
        """Yield report schedules, oldest first."""
        return self._pages("/v1/report-schedules", {})

    def addresses(self, schedule_id: str) -> list[str]:
        """Return the addresses of a schedule's recipients who may still read the school's figures. Never to be logged."""
        emails: list[str] = self._send("GET", f"/v1/report-schedules/{schedule_id}/recipients").json()["emails"]
        return emails

    def record_report(self, schedule_id: str, publish_version: str, outcome: str, error: str | None = None) -> None:
        """Keep how sending a schedule's report went: sent, failed or skipped."""
        body = {"publish_version": publish_version, "outcome": outcome, "error": error}
        self._send("POST", f"/v1/report-schedules/{schedule_id}/deliveries", json=body)

    def targets(self) -> Iterator[dict[str, Any]]:
        """Yield the targets of every school, oldest first."""
        return self._pages("/v1/targets", {})

    def _pages(self, path: str, conditions: dict[str, str]) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            page = self._send("GET", path, params=conditions | ({"cursor": cursor} if cursor else {})).json()
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _found(self, path: str) -> dict[str, Any] | None:
        reply = self._send("GET", path, missing_is_fine=True)
        found: dict[str, Any] | None = None if reply.status_code == httpx.codes.NOT_FOUND else reply.json()
        return found

    def _send(self, method: str, path: str, *, missing_is_fine: bool = False, **content: Any) -> httpx.Response:
        try:
            reply = self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            raise InsightsUnavailable(f"the hiring API does not answer: {type(error).__name__}") from error
        if reply.is_error and not (missing_is_fine and reply.status_code == httpx.codes.NOT_FOUND):
            raise InsightsUnavailable(f"the hiring API answered {reply.status_code} to {method} {path.split('/')[2]}")
        return reply

    def __enter__(self) -> Self:
        """Hold the connections for the length of a block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let go of the connections."""
        self._http.close()
