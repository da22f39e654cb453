"""Command line of the migrations: ``python -m hiring.migrations upgrade [--url URL]``."""

import argparse
import sys

from foundation.settings import Databases
from hiring.migrations.runner import current_revision, newest_revision, upgrade


def main(arguments: list[str]) -> int:
    """Run the verb and return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m hiring.migrations",
        description="Create or upgrade the hiring database.",
        epilog="example: python -m hiring.migrations upgrade --url postgresql://nexus@127.0.0.1:5432/nexus",
    )
    parser.add_argument(
        "verb", choices=["upgrade", "current"], help="upgrade: run missing revisions; current: say where the database stands"
    )
    parser.add_argument("--url", default="", help="owner URL; default: the owner database of the settings")
    options = parser.parse_args(arguments)
    url = options.url or Databases().url("owner")
    if options.verb == "upgrade":
        upgrade(url)
    sys.stdout.write(f"hiring database at revision {current_revision(url)} (newest {newest_revision()})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
