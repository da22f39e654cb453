"""``python -m nexus``: the same as the ``nexus`` command."""

from nexus.cli import main

main()
