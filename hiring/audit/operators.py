"""Who acts at the command line, as the audit log names them. What doesn't belong here: what they do."""

import getpass


def operator() -> str:
    """Return ``operator:<name at the operating system>``; without a name there (a bare container), ``operator`` alone."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError):
        return "operator"
