"""Kill -9 on progress on the way from an event to a mail server: no letter is lost, and none goes out after it was noted as sent."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from foundation.settings import Home
from nexus.databases import DatabaseUrls
from nexus.embedded_postgres import EmbeddedPostgres
from tests.chaos.conftest import KILLS, SECONDS
from tests.support.chaos_letters import LetterChaos
from tests.support.hiring_api import served_hiring


@pytest.mark.timeout(SECONDS + 120)
def test_letters(own_postgres: EmbeddedPostgres, urls: DatabaseUrls, tmp_path: Path, record_property: Callable[[str, object], None]):
    with served_hiring(urls, Home(home=tmp_path / "core")) as api:
        counted = LetterChaos(own_postgres, api, tmp_path).run(KILLS - 2 * (KILLS * 2 // 5) or 4, SECONDS)
    record_property("chaos", str(counted))
    sys.stdout.write(f"\n{counted}\n")  # `make chaos` shows it
    assert (counted.lost, counted.not_sent) == (0, 0)  # an outage longer than all tries made no dead letter either
    assert counted.arrived == counted.recorded
    assert counted.after_the_note == 0
    assert counted.duplicates <= sum(counted.kills.values()) * (2 * 10 + 4)  # twice ``flush`` and the connections: see the sender
