"""Living on through the real hiring API, on top of a simulated history."""

import math
from datetime import UTC, datetime
from threading import Event

import pytest

from simulator import LiveFailed, live, simulate


def test_live_applies_moves_and_hires_through_the_api(hiring_api) -> None:
    simulate(
        hiring_api.urls.owner,
        hiring_api.home.root,
        scale="tiny",
        since=datetime(2025, 1, 1, tzinfo=UTC),
        until=datetime(2025, 2, 1, tzinfo=UTC),
    )
    before = hiring_api.rows("select count(*) from applications.applications")[0][0]
    seen: list[str] = []
    counts = live(
        str(hiring_api.client.base_url),
        hiring_api.platform,
        per_minute=math.inf,
        steps=260,
        seed=3,
        report=lambda what, _: seen.append(what),
    )
    assert sum(counts.values()) == len(seen) == 260
    assert min(counts[each] for each in ("job_opened", "applied", "moved", "rejected", "offered", "hired")) > 0
    assert hiring_api.rows("select count(*) from applications.applications")[0][0] == before + counts["applied"]
    hired = hiring_api.rows(
        "select count(*) from applications.hires h join applications.stage_events e"
        " on e.application_id = h.application_id and e.to_stage = 'hired' where e.recorded_at > '2026-01-01'"
    )
    assert hired[0][0] == counts["hired"]


def test_live_stops_when_asked(hiring_api) -> None:
    hiring_api.organisation("school")
    stop = Event()
    counts = live(
        str(hiring_api.client.base_url), hiring_api.platform, per_minute=math.inf, seed=1, stop=stop, report=lambda *_: stop.set()
    )
    assert sum(counts.values()) == 1


def test_live_without_a_school_or_with_a_wrong_credential_says_so(hiring_api) -> None:
    with pytest.raises(LiveFailed, match="no school in reach"):
        live(str(hiring_api.client.base_url), hiring_api.platform, steps=1)
    with pytest.raises(LiveFailed, match=r"GET /v1/organisations: 401"):
        live(str(hiring_api.client.base_url), "nobody", steps=1)
