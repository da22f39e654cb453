"""Kill -9 on progress, over both transports: every recorded event is handled once, in the order of its aggregate; every job is done once.

``make chaos`` sets NEXUS_CHAOS_KILLS=200; without it a bounded set runs with every other test.
"""

import sys
from collections.abc import Callable

import pytest

from tests.chaos.conftest import KILLS, SECONDS
from tests.support.chaos import Chaos, Counted
from tests.support.rabbitmq import RabbitServer


def check(counted: Counted, record_property: Callable[[str, object], None]) -> None:
    record_property("chaos", str(counted))
    sys.stdout.write(f"\n{counted}\n")  # `make chaos` shows it
    assert (counted.lost, counted.out_of_order) == (0, 0)
    assert counted.handled == counted.recorded == counted.jobs_done
    assert counted.jobs_done_twice == 0


@pytest.mark.timeout(SECONDS + 120)
def test_log_in_postgres(own_postgres, urls, tmp_path, record_property):
    counted = Chaos(own_postgres, urls, tmp_path).run(KILLS * 2 // 5 or 4, SECONDS)
    check(counted, record_property)
    assert counted.told == counted.handled  # the offset moves with the effect: not even told twice


@pytest.mark.timeout(SECONDS + 120)
def test_rabbitmq(own_postgres, urls, tmp_path, rabbitmq_server: RabbitServer, record_property):
    counted = Chaos(own_postgres, urls, tmp_path, rabbitmq_server).run(KILLS * 2 // 5 or 5, SECONDS)
    check(counted, record_property)
