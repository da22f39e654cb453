"""The AsyncAPI 3 document of the bus, made from the payload models: what is published is what is described."""

from typing import Any

from hiring.bus import payloads
from hiring.bus.envelope import SOURCE

CONTENT_TYPE = "application/cloudevents-batch+json"


def document() -> dict[str, Any]:
    """Return the document: one channel, one message for each type and version of event."""
    each = [(event_type, version) for event_type, versions in payloads.PAYLOADS.items() for version in versions]
    names = [_name(event_type, version) for event_type, version in each]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Educator Nexus events",
            "version": "1",
            "description": "Domain events of the hiring core as CloudEvents 1.0: ids, codes, numbers and instants, nothing personal."
            " They arrive at least once and in the order of each subject; `id` tells a duplicate.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": "hiring.events",
                "title": "Every event",
                "description": "Over RabbitMQ a message is a batch of up to 100 events (" + CONTENT_TYPE + "); its routing key names"
                " the kinds of aggregates in it: bind `#.job.#` for everything with jobs.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
                "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": "hiring.events", "type": "topic", "durable": True}}},
            }
        },
        "operations": {
            "publishEvents": {
                "action": "send",
                "channel": {"$ref": "#/channels/events"},
                "summary": "The relay publishes what transactions recorded.",
                "messages": [{"$ref": f"#/channels/events/messages/{name}"} for name in names],
            }
        },
        "components": {
            "messages": {_name(*key): _message(*key) for key in each},
            "messageTraits": {"cloudEvent": {"contentType": "application/cloudevents+json"}},
            "schemas": {
                "CloudEvent": _ENVELOPE,
                **{_name(*key): _schema(*key) for key in each},
            },
        },
    }


def _name(event_type: str, version: int) -> str:
    return f"{event_type}.{version}"


def _message(event_type: str, version: int) -> dict[str, Any]:
    name = _name(event_type, version)
    model = payloads.PAYLOADS[event_type][version]
    return {
        "name": event_type,
        "title": event_type,
        "summary": " ".join((model.__doc__ or "").split()),
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": event_type},
                        "dataschema": {"const": f"/schemas/{event_type}/{version}"},
                        "data": {"$ref": f"#/components/schemas/{name}"},
                    },
                },
            ]
        },
    }


def _schema(event_type: str, version: int) -> dict[str, Any]:
    """Return a payload's schema without the words that a schema inside a document does not carry."""
    return {word: value for word, value in (payloads.schema(event_type, version) or {}).items() if not word.startswith("$")}


_TEXT = {"type": "string"}
_ENVELOPE: dict[str, Any] = {
    "title": "CloudEvent",
    "type": "object",
    "required": ["specversion", "id", "type", "source", "subject", "time", "sequence", "datacontenttype", "dataschema", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {**_TEXT, "format": "uuid", "description": "unique for ever: what tells a duplicate"},
        "type": _TEXT,
        "source": {"const": SOURCE},
        "subject": {**_TEXT, "description": "kind and id of the aggregate", "pattern": "^[a-z_]+:"},
        "time": {**_TEXT, "format": "date-time", "description": "when it happened"},
        "sequence": {"type": "integer", "description": "version of the aggregate after the change"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {**_TEXT, "description": "where the schema of data is served"},
        "correlationid": {**_TEXT, "description": "of the request or run that caused it"},
        "logseq": {"type": "integer", "description": "place in the event log"},
        "data": {"type": "object"},
    },
}
