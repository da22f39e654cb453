"""One event as consumers see it, and as CloudEvents 1.0 writes it for other systems.

Source: CloudEvents 1.0, JSON format and its batch format. ``sequence`` is the aggregate's version after the change,
``logseq`` the event's place in the log of the sender.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

SOURCE = "/educator-nexus/hiring"
_DATASCHEMA = re.compile(r"/schemas/[A-Z_]+/(\d{1,4})$")


class NotAnEvent(ValueError):
    """A message is no CloudEvent of this product. The message names the attribute, never its value."""


@dataclass(frozen=True)
class Event:
    """One domain event.

    Attributes:
        id: unique for ever; what consumers recognise a duplicate by.
        type: what happened, for instance ``STAGE_MOVED``.
        subject: ``<kind>:<id>`` of the aggregate.
        sequence: the aggregate's version after the change.
        time: when it happened (UTC).
        data: ids and codes.
        correlation_id: of the request or run that caused it.
        seq: its place in the event log; 0 where it did not come from there.
        schema_version: version of the schema of its data.
    """

    id: UUID
    type: str
    subject: str
    sequence: int
    time: datetime
    data: Mapping[str, Any]
    correlation_id: str | None = None
    seq: int = 0
    schema_version: int = 1

    @property
    def kind(self) -> str:
        """Kind of the aggregate: ``application``, ``job``, …"""
        return self.subject.partition(":")[0]

    @property
    def aggregate_id(self) -> UUID:
        """Id of the aggregate."""
        return UUID(self.subject.partition(":")[2])


def to_cloud_event(event: Event) -> dict[str, Any]:
    """Return the event in CloudEvents' JSON format."""
    written: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.id),
        "type": event.type,
        "source": SOURCE,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "sequence": event.sequence,
        "datacontenttype": "application/json",
        "dataschema": f"/schemas/{event.type}/{event.schema_version}",
        "data": dict(event.data),
    }
    if event.correlation_id:
        written["correlationid"] = event.correlation_id
    if event.seq:
        written["logseq"] = event.seq
    return written


def from_cloud_event(written: Any) -> Event:
    """Return the event a CloudEvents JSON object holds.

    Raises:
        NotAnEvent: an attribute is missing or has another shape.
    """
    if not isinstance(written, Mapping) or written.get("specversion") != "1.0":
        raise NotAnEvent("specversion: must be 1.0")
    try:
        return Event(
            id=UUID(written["id"]),
            type=str(written["type"]),
            subject=str(written["subject"]),
            sequence=int(written["sequence"]),
            time=datetime.fromisoformat(written["time"]),
            data=dict(written["data"]),
            correlation_id=written.get("correlationid"),
            seq=int(written.get("logseq", 0)),
            schema_version=_version(written["dataschema"]),
        )
    except KeyError as missing:
        raise NotAnEvent(f"{missing.args[0]}: is missing") from None
    except (TypeError, ValueError) as error:
        raise NotAnEvent(f"an attribute has the wrong shape ({type(error).__name__})") from None


def _version(dataschema: str) -> int:
    found = _DATASCHEMA.search(dataschema)
    if found is None:
        raise ValueError(dataschema)
    return int(found.group(1))
