"""Has schemathesis ask every operation of a served API whether it keeps its OpenAPI document: authenticated, stateful, with all checks."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

CONFIGURATION = """
[checks]
# A request that fits the schema may still break a rule of the domain: those answer with a problem that names it.
positive_data_acceptance.expected-statuses = [{statuses}]

# Methods that a path does not have are the router's affair: asking for them is a tenth of all requests.
[phases.coverage]
unexpected-methods = []
"""
REFUSALS = ("400", "401", "403", "404", "406", "409", "412", "413", "415", "422", "428", "429")
SECONDS = 600  # far beyond what a run takes on a busy machine


def assert_keeps_contract(client: httpx.Client, credential: str, folder: Path, *, left_out: Mapping[str, str]) -> None:
    """Fail with schemathesis' report unless the API answers as its document says, and never with a fault of its own.

    Args:
        client: of the served API; its document is at ``/openapi.json``.
        credential: may do everything.
        folder: for schemathesis' files.
        left_out: checks that are not made, each with the reason.
    """
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(statuses=", ".join(f'"{status}"' for status in ("2xx", "3xx", *REFUSALS))))
    assert all(left_out.values())
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(configuration),
        "run", f"{str(client.base_url).rstrip('/')}/openapi.json", "--header", f"Authorization: Bearer {credential}",
        "--checks", "all", "--max-examples", "1",
        "--generation-deterministic", "--no-color", "--warnings", "off",
        *(["--exclude-checks", ",".join(left_out)] if left_out else []),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=SECONDS)
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert "Tested: " in done.stdout
