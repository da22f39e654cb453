"""Role × route, written out: ``python -m hiring.role_matrix`` writes ``role_matrix.csv`` beside this module, for people to read and review.

The rules are in ``permissions.py`` and on the routes; the file is what follows from them. Tests compare it with the application and
walk every cell of it with real requests: a right that changes, or a new route, shows as a line of the file or fails.
"""

import csv
import io
import sys
import tempfile
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from foundation.access import Role
from foundation.settings import Home
from hiring.access import Requires, public
from hiring.app import create_app
from hiring.assessments.app import create_app as create_assessments
from hiring.assessments.settings import AssessmentsSettings
from hiring.permissions import may
from hiring.settings import HiringSettings, OidcSettings

FILE = Path(__file__).with_name("role_matrix.csv")
PUBLIC = "public"


class RouteUndeclared(RuntimeError):
    """A route declares no permission, or several, or both a permission and that it is public."""


def role_matrix(*apps: FastAPI) -> dict[str, tuple[str, dict[Role, bool]]]:
    """Return permission (or ``public``) and, for each role, whether it is let in, by ``METHOD /path``, of all the apps' routes.

    Raises:
        RouteUndeclared: a route does not say who may use it.
    """
    matrix = {}
    for context in (context for app in apps for context in iter_route_contexts(app.routes)):
        calls = [dependency.call for dependency in context.dependant.dependencies]
        declared = [call.permission for call in calls if isinstance(call, Requires)]
        for method in sorted((context.methods or set()) - {"HEAD"}):
            if len(declared) + (public in calls) != 1:
                raise RouteUndeclared(f"{method} {context.path}: declare one permission by requires(), or public")
            cells = {role: may(role, declared[0]) if declared else True for role in Role}
            matrix[f"{method} {context.path}"] = (declared[0].value if declared else PUBLIC, cells)
    return dict(sorted(matrix.items(), key=lambda item: item[0].split(" ")[::-1]))


def as_text(matrix: dict[str, tuple[str, dict[Role, bool]]]) -> str:
    """Return the file's text: one route a line, one role a column."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["route", "permission", *Role])
    for route, (permission, cells) in matrix.items():
        lines.writerow([route, permission, *("yes" if cells[role] else "no" for role in Role)])
    return text.getvalue()


def main() -> int:
    """Write the file and return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
        home = Home(home=Path(folder))
        home.ensure_secret("internal_api_key")
        app = create_app(HiringSettings(docs_enabled=False), nowhere, home, OidcSettings(issuer=""))
        assessments = create_assessments(AssessmentsSettings(docs_enabled=False), nowhere, home)
    FILE.write_text(as_text(role_matrix(app, assessments)))
    sys.stdout.write(f"{FILE} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
