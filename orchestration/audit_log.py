"""Rows of the audit log for what the pipeline and operators do outside the hiring database: models promoted, everything read anew.

The hiring core's own command writes them (``python -m hiring.audit record``): a running database is enough, the API need not be up.
What doesn't belong here: what is done.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.resources import home

PIPELINE = "pipeline"  # actor where a rule decided, not a person
_PROJECT = Path(__file__).parents[1]
_SECONDS = 60


class NotLogged(RuntimeError):
    """The audit log took no row, so nothing was done. The message says why."""


def record(
    action: str, object_type: str, object_id: str, *, after: Mapping[str, Any] | None = None, reason: str = "", actor: str = ""
) -> None:
    """Write one row before something is done.

    Args:
        action: ``<thing>.<verb>``: ``model.promote``.
        object_type: the thing's kind.
        object_id: which one.
        after: ids and codes.
        reason: why, in the words of whoever does it.
        actor: default: whoever is logged in to the operating system.

    Raises:
        NotLogged: there is no row, so it must not be done.
    """
    told = {"action": action, "object-type": object_type, "object-id": object_id, "reason": reason, "actor": actor}
    command = [sys.executable, "-m", "hiring.audit", "record", "--after", json.dumps(dict(after or {}))]
    command += [f"--{name}={value}" for name, value in told.items() if value]
    environment = os.environ | {"NEXUS_HOME": str(home().absolute())}
    done = subprocess.run(command, cwd=_PROJECT, env=environment, capture_output=True, text=True, timeout=_SECONDS)
    if done.returncode:
        raise NotLogged(f"{action} was not done, for it could not be logged: {' '.join(done.stderr.split())[-300:]}")
