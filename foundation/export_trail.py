"""Tells the hiring core's audit log what the metrics API gave to whom, over HTTP.

What must be told before it leaves (equity figures) is ``record``ed at once; what may be told afterwards (aggregate figures, of which
thousands may be asked for in a second) is ``note``d in memory and told together, so that an answer waits for nothing. A process that
is killed loses the notes of ``NOTED_SECONDS`` at most; while the hiring API is away they are kept and told later.
"""

import threading
from collections.abc import Mapping
from typing import Any

import httpx

from foundation import logs
from foundation.access import Principal
from foundation.principals import IntrospectionUnavailable

NOTED_SECONDS = 5.0
_TOLD_AT_ONCE = 100
_KEPT = 10_000  # callers and forms; further ones are answered only after they were told
_METRICS = 500


class ExportNotLogged(IntrospectionUnavailable):
    """The hiring API did not log what was about to leave, so it did not leave. The message says whether it answered."""


class ExportTrail:
    """The audit log of the hiring core, for what leaves the metrics API.

    Args:
        hiring_url: base address of the hiring API.
        service_key: a key with scope ``exports:record``; people hold none.
        seconds: how long notes wait.
    """

    def __init__(self, hiring_url: str, service_key: str, seconds: float = NOTED_SECONDS) -> None:
        headers = {"Authorization": f"Bearer {service_key}"}
        self._client = httpx.Client(base_url=hiring_url, timeout=5.0, headers=headers, event_hooks={"request": [logs.carry_correlation]})
        self._seconds = seconds
        self._notes: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_telling, name="export trail", daemon=True)

    def start(self) -> None:
        """Begin to tell notes."""
        self._thread.start()

    def close(self) -> None:
        """Tell what is noted and let go of the connections."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._tell_notes()
        self._client.close()

    def note(self, caller: Principal, metric_id: str, form: str, rows: int) -> None:
        """Note one answer; it is told within seconds. Waits for nobody.

        Raises:
            ExportNotLogged: the hiring API has been away for so long that no more can be kept.
        """
        key = (caller.subject_id, _kind(caller), form)
        with self._lock:
            known = self._notes.get(key)
            if known is None:
                if len(self._notes) >= _KEPT:
                    raise ExportNotLogged("the hiring API does not answer, and too much waits to be logged")
                known = self._notes[key] = {"metrics": set(), "answers": 0, "rows": 0}
            known["metrics"].add(metric_id)
            known["answers"] += 1
            known["rows"] += rows

    def record(self, caller: Principal, metric_id: str, form: str, rows: int) -> None:
        """Log one answer with equity figures before it leaves.

        Raises:
            ExportNotLogged: it could not be logged; the answer must not leave.
        """
        item = {"metrics": [metric_id], "answers": 1, "rows": rows, "is_equity": True}
        self._send([{"actor": caller.subject_id, "actor_type": _kind(caller), "format": form, **item}])

    def _keep_telling(self) -> None:
        while not self._stopping.wait(self._seconds):
            self._tell_notes()

    def _tell_notes(self) -> None:
        with self._lock:
            noted, self._notes = self._notes, {}
        keys = list(noted)
        for start in range(0, len(keys), _TOLD_AT_ONCE):
            part = keys[start : start + _TOLD_AT_ONCE]
            try:
                self._send([_item(key, noted[key]) for key in part])
            except ExportNotLogged as error:
                logs.logger("exports").warning("not_logged_yet", error=str(error), waiting=len(keys) - start)
                self._put_back({key: noted[key] for key in keys[start:]})
                return

    def _put_back(self, notes: Mapping[tuple[str, str, str], dict[str, Any]]) -> None:
        with self._lock:
            for key, old in notes.items():
                new = self._notes.setdefault(key, {"metrics": set(), "answers": 0, "rows": 0})
                new["metrics"] |= old["metrics"]
                new["answers"] += old["answers"]
                new["rows"] += old["rows"]

    def _send(self, items: list[dict[str, Any]]) -> None:
        try:
            reply = self._client.post("/v1/audit/served-metrics", json={"items": items})
        except httpx.HTTPError as fault:
            raise ExportNotLogged(f"the hiring API does not answer: {type(fault).__name__}") from fault
        if reply.is_error:
            raise ExportNotLogged(f"the hiring API answered {reply.status_code}: renew the services' keys (`nexus demo` does)")


def _kind(caller: Principal) -> str:
    return "person" if caller.kind == "user" else "service"


def _item(key: tuple[str, str, str], noted: Mapping[str, Any]) -> dict[str, Any]:
    actor, kind, form = key
    metrics = sorted(noted["metrics"])[:_METRICS]
    return {"actor": actor, "actor_type": kind, "format": form, "metrics": metrics, "answers": noted["answers"], "rows": noted["rows"]}
