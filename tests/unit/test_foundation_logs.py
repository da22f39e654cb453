"""Logs: nothing personal leaves a process, and everything one cause leads to is found under one id."""

import io
import json
import sys

import pytest
import structlog

from foundation import logs

SENTINEL = "zz.sentinel+1@mail.example"


@pytest.fixture
def lines(monkeypatch):
    """Return what was logged, as parsed lines."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "fields",
    [
        {"email": SENTINEL},
        {"recipient_address": SENTINEL},
        {"error": f"mailbox <{SENTINEL}> unavailable"},
        {"detail": {"contact": {"phone": "12345"}, "said": [f"write to {SENTINEL}"]}},
        {"detail": "call +43 660 1234567 or 0660 1234567"},
        {"header": "Authorization: Bearer abcdef.123456"},
        {"given_name": "Zzsentinel", "password": "hunter2"},
    ],
)
def test_personal_values_never_reach_a_line(lines, fields):
    logs.logger("tests").warning("happened", **fields)
    (line,) = lines()
    text = json.dumps(line)
    for secret in (SENTINEL, "Zzsentinel", "hunter2", "abcdef.123456", "1234567", "12345"):
        assert secret not in text
    assert "[redacted]" in text


def test_ids_codes_dates_and_counts_stay(lines):
    fields = {
        "event_id": "0199a3b2-7c4d-7e6f-8a9b-0c1d2e3f4a5b",
        "day": "2026-11-26",
        "at": "2026-11-26T13:12:49+00:00",
        "count": 1234567890,
    }
    logs.logger("tests").info("happened", **fields)
    (line,) = lines()
    assert {name: line[name] for name in fields} == fields


def test_an_exception_text_is_cleaned_too(lines):
    try:
        raise ValueError(f"no such mailbox {SENTINEL}")
    except ValueError:
        logs.logger("tests").error("failed", exc_info=True)
    (line,) = lines()
    assert "ValueError" in line["exception"]
    assert SENTINEL not in json.dumps(line)


def test_lines_of_one_cause_share_an_id_and_a_bad_one_is_replaced(lines):
    with logs.correlated("run-1") as first:
        logs.logger("tests").info("one")
        assert logs.correlation_headers() == {"X-Request-ID": "run-1"}
    with logs.correlated("bad id\nwith lines") as second:
        logs.logger("tests").info("two")
    logs.logger("tests").info("three")
    found = lines()
    assert first == "run-1"
    assert second not in {"run-1", "bad id\nwith lines"}
    assert [line.get("correlation_id") for line in found] == ["run-1", second, None]
    assert logs.correlation_headers() == {}
