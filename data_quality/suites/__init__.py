"""One module a raw table, each with its ``SUITE``."""
