"""Two demos on one home: the second adds the missing days and goes on with what the first had built."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.postgres import open_folder
from warehouse.connection import Published

PROJECT = Path(__file__).parents[2]


def facts(home: Path) -> dict[str, object]:
    with Published.open(home) as published:
        row = published.query("select count(*) as applications, max(applied_at) as newest from marts.fct_applications").to_dicts()[0]
        kept = published.query("select application_id from marts.fct_applications")["application_id"]
    return row | {"ids": set(kept), "version": published.pointer.publish_version, "as_of": published.pointer.as_of}


@pytest.mark.timeout(1200)
def test_second_demo_adds_the_missing_days_and_starts_nothing_over() -> None:
    home = open_folder("nexus-demo-")

    def demo(until: str) -> str:
        command = [sys.executable, "-m", "nexus", "demo", "--no-serve", "--scale", "tiny", "--until", until]
        done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=os.environ | {"NEXUS_HOME": str(home)})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        demo("2026-03-01")
        first, logins = facts(home), json.loads((home / "secrets" / "demo_logins.json").read_text())
        said = demo("2026-03-20")
        second = facts(home)
        assert "to 2026-03-20: " in said
        assert "rows written" in said
        assert second["ids"] > first["ids"]
        assert first["newest"].isoformat() < "2026-03-01" <= second["newest"].isoformat()
        assert second["as_of"] > first["as_of"]
        assert second["version"] > first["version"]
        assert json.loads((home / "secrets" / "demo_logins.json").read_text()) == logins
        assert "nothing was missing" in demo("2026-03-20")
        assert facts(home) == second
    finally:
        subprocess.run(
            [sys.executable, "-m", "nexus", "down", "--purge", "--yes"],
            cwd=PROJECT,
            env=os.environ | {"NEXUS_HOME": str(home)},
            check=False,
        )
        shutil.rmtree(home, ignore_errors=True)
