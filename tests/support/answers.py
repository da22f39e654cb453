"""Asks `nexus truth` about a home, as a person would."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def truth(home: Path) -> tuple[int, dict[str, Any]]:
    """Run `nexus truth --json` on a home; return its exit code and what it found."""
    done = subprocess.run(
        [sys.executable, "-m", "nexus", "truth", "--json"], env=os.environ | {"NEXUS_HOME": str(home)}, capture_output=True, text=True
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)
