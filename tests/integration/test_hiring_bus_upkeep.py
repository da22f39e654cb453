"""`nexus bus` over a real database: status, replay, refused events, pruning; and the schemas and documents everybody may read."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from foundation import clock
from hiring.bus import payloads
from hiring.bus.__main__ import main
from hiring.bus.consumer import EventRefused, LogReader
from hiring.bus.envelope import Event, from_cloud_event, to_cloud_event
from hiring.bus.relay import Relay
from hiring.database import open_engine, session_factory
from hiring.domain_events import EventType, record
from hiring.rows import new_id
from tests.support.bus import TENANT, collector, drain, write

Bus = Callable[..., tuple[int, str, str]]


@pytest.fixture
def engine(migrated_database) -> Iterator[Engine]:
    engine = open_engine(migrated_database.hiring, 4)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine) -> sessionmaker[Session]:
    return session_factory(engine)


@pytest.fixture
def bus(migrated_database, monkeypatch, capsys) -> Bus:
    """Return a function that runs one command and returns exit code, output and error output."""
    monkeypatch.setenv("NEXUS_DATABASE_HIRING_URL", migrated_database.hiring)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()  # what was logged until now
        code = main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_replay_tells_a_consumer_again_from_a_place_and_never_skips(bus, engine, sessions):
    aggregate = new_id()
    for sequence in (1, 2, 3):
        write(sessions, aggregate, sequence)
    found: list[Event] = []
    reader = LogReader(collector(found), sessions, engine)
    drain(Relay(engine), reader)
    assert bus("replay", "--consumer", "tests", "--from", "2", "--dry-run")[1] == "would replay 2 events, seq 2 to 3 to tests\n"
    drain(reader)
    assert len(found) == 3
    assert bus("replay", "--consumer", "tests", "--from", "2")[1] == "tests goes on after 1, it was at 3: 2 events, seq 2 to 3\n"
    assert bus("replay", "--consumer", "tests", "--from", "3")[1].startswith("tests goes on after 1, it was at 1")
    drain(reader)
    assert [event.sequence for event in found] == [1, 2, 3, 2, 3]
    assert "nothing to replay" in bus("replay", "--consumer", "tests", "--since", "2999-01-01T00:00:00Z")[1]
    code, _, said = bus("replay", "--consumer", "nobody", "--from", "1")
    assert (code, said) == (1, "error: --consumer nobody: no such consumer; there are: tests\n")
    assert bus("replay", "--consumer", "tests", "--from", "1", "--until", "2999-01-01T00:00:00Z")[0] == 2


def test_status_tells_what_waits_and_who_is_behind(bus, engine, sessions):
    for sequence in (1, 2):
        write(sessions, new_id(), sequence)
    drain(Relay(engine), LogReader(collector([]), sessions, engine))
    write(sessions, new_id(), 3)
    Relay(engine).work()
    write(sessions, new_id(), 4)
    said = json.loads(bus("status", "--json")[1])
    assert said["transport"] == "postgres log"
    assert said["outbox"]["count"] == 1
    assert said["log"] == {"head": 3, "count": 3}
    assert [(row["consumer"], row["offset"], row["behind"], row["refused"]) for row in said["consumers"]] == [("tests", 2, 1, 0)]
    assert "consumer tests: offset 2, behind 1" in bus("status")[1]


def test_refused_events_are_listed_replayed_and_discarded(bus, engine, sessions):
    for sequence in (1, 2, 3):
        write(sessions, new_id(), sequence)
    found: list[Event] = []
    is_mended = False

    def fail(event: Event) -> None:
        if event.sequence > 1 and not is_mended:
            raise EventRefused("to_stage: unknown")

    reader = LogReader(collector(found, fail), sessions, engine)
    drain(Relay(engine), reader)
    listed = bus("refused", "list")[1].splitlines()
    assert len(listed) == 2
    assert all("STAGE_MOVED: to_stage: unknown" in line for line in listed)
    assert bus("refused", "replay")[0] == 2
    with engine.connect() as connection:
        event_id = str(connection.execute(text("select event_id from outbox.event_log where seq = 2")).scalar())
    assert bus("refused", "discard", "--consumer", "tests", "--event", event_id)[1] == "discarded: 1\n"
    is_mended = True
    assert bus("refused", "replay", "--consumer", "tests", "--all")[1] == "replayed to tests: 1\n"
    drain(reader)
    assert [event.sequence for event in found] == [1, 3]
    assert bus("refused", "discard", "--consumer", "tests", "--all")[0] == 1


def test_prune_keeps_what_is_young_refused_or_not_passed(bus, engine, sessions, migrated_database):
    for sequence in range(1, 6):
        write(sessions, new_id(), sequence)
    owner = open_engine(migrated_database.owner, 1)

    def fail(event: Event) -> None:
        if event.sequence == 2:
            raise EventRefused("to_stage: unknown")

    drain(Relay(engine))
    reader = LogReader(collector([], fail), sessions, engine, batch=4)
    while reader.work():
        pass
    with owner.begin() as connection:
        connection.execute(text("update outbox.event_log set logged_at = now() - interval '100 days' where seq <> 3"))
        connection.execute(text("update outbox.offsets set seq = 4"))
    owner.dispose()
    assert bus("prune")[1] == "pruned: 2 events\n"
    with engine.connect() as connection:
        assert connection.execute(text("select array_agg(seq order by seq) from outbox.event_log")).scalar() == [2, 3, 5]


def test_every_event_type_has_a_schema_and_nothing_else_leaves(sessions):
    assert set(payloads.PAYLOADS) == {event_type.value for event_type in EventType}
    with sessions() as session, session.begin():
        for data in ({"tenant_id": TENANT, "to_stage": "a friend of Ada"}, {"tenant_id": TENANT, "to_stage": "screen", "note": "x"}, {}):
            with pytest.raises(payloads.PayloadRefused) as refusal:
                record(session, EventType.STAGE_MOVED, "application", new_id(), 1, clock.now(), **data)
            assert "Ada" not in str(refusal.value)


def test_no_payload_has_room_for_free_text():
    for event_type, versions in payloads.PAYLOADS.items():
        for version in versions:
            schema = payloads.schema(event_type, version)
            assert schema["additionalProperties"] is False
            for name, described in schema["properties"].items():
                for kind in described.get("anyOf", [described]):
                    is_bounded = kind["type"] in {"integer", "number", "boolean", "null"} or {"format", "pattern", "enum"} & set(kind)
                    assert is_bounded, f"{event_type}.{name}: {kind}"


def test_an_event_survives_its_cloud_event_and_a_reader_passes_over_what_it_does_not_know(engine, sessions):
    write(sessions, new_id(), 1)
    drain(Relay(engine))
    found: list[Event] = []
    drain(LogReader(collector(found), sessions, engine))
    assert from_cloud_event(to_cloud_event(found[0])) == found[0]
    newer = to_cloud_event(found[0]) | {"data": {**found[0].data, "added_later": 1}}
    assert payloads.fault(from_cloud_event(newer)) is None
    unknown = to_cloud_event(found[0]) | {"dataschema": "/schemas/STAGE_MOVED/7"}
    assert payloads.fault(from_cloud_event(unknown)) == "STAGE_MOVED version 7 is unknown here"


def test_events_in_the_log_that_do_not_fit_are_refused_and_the_next_go_on(engine, sessions):
    write(sessions, new_id(), 1)
    with engine.begin() as connection:
        columns = "event_id, type, subject, sequence, data, occurred_at"
        values = """gen_random_uuid(), 'STAGE_MOVED', 'application:x', 1, '{"to_stage": "lunch"}', now()"""
        connection.execute(text(f"insert into outbox.events ({columns}) values ({values.replace(':', chr(92) + ':')})"))
    write(sessions, new_id(), 2)
    found: list[Event] = []
    drain(Relay(engine), LogReader(collector(found), sessions, engine))
    assert [event.sequence for event in found] == [1, 2]
    with engine.connect() as connection:
        reason = connection.execute(text("select reason from outbox.refused")).scalar()
    assert reason == "STAGE_MOVED: tenant_id: missing; to_stage: literal_error"


def test_front_door_hands_over(bus, tmp_path):
    environment = {**os.environ, "NEXUS_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "nexus", "bus", "asyncapi"]
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
    assert said == bus("asyncapi")[1]


def test_schemas_and_asyncapi_document_are_public_complete_and_sound(hiring_api):
    schema = hiring_api.send("GET", "/schemas/STAGE_MOVED/1")
    assert schema.headers["content-type"] == "application/schema+json"
    Draft202012Validator.check_schema(schema.json())
    assert hiring_api.send("GET", "/schemas/STAGE_MOVED/9").status_code == 404
    document = hiring_api.send("GET", "/asyncapi.json").json()
    assert {"asyncapi", "info", "channels", "operations", "components"} <= set(document)
    messages = document["components"]["messages"]
    assert {message["name"] for message in messages.values()} == {event_type.value for event_type in EventType}
    assert set(document["channels"]["events"]["messages"]) == set(messages)
    for reference in references(document):
        target = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
    for described in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(described)
    event = Event(new_id(), "STAGE_MOVED", f"application:{new_id()}", 1, clock.now(), {"tenant_id": str(TENANT), "to_stage": "screen"})
    validator = Draft202012Validator({**messages["STAGE_MOVED.1"]["payload"], "components": document["components"]})
    validator.validate(to_cloud_event(event))
    assert not validator.is_valid(to_cloud_event(event) | {"data": {"to_stage": "screen"}})


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)
