"""A file that cannot be logged is not made."""

import pytest

from dashboards import exports
from dashboards.hiring_client import HiringClient, HiringUnavailable


def test_without_the_hiring_core_no_file_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "client", lambda: HiringClient("http://127.0.0.1:9", timeout_seconds=1))
    made: list[str] = []

    def make() -> str:
        made.append("made")
        return "content"

    with pytest.raises(HiringUnavailable):
        exports.logged(make, "funnel-who-applies", "csv", rows=1)()
    assert made == []
