"""Databases and login users inside a PostgreSQL server: made once, with random passwords, written to ``secrets/databases.json``.

What belongs here: who may log in to what. What doesn't: tables and rights on them (the hiring migrations make those).
"""

import json
import os
import secrets as random_secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from foundation.settings import Home

DATABASE = "nexus"
LOGINS = {"nexus_hiring": "hiring_app", "nexus_pipeline": "warehouse_reader"}
PROJECT = Path(__file__).resolve().parent.parent


class MigrationFailed(RuntimeError):
    """The hiring migrations ended with an error. The message carries their last lines."""


@dataclass(frozen=True)
class DatabaseUrls:
    """URLs of one database: ``owner`` migrates and bulk-loads, ``hiring`` runs the API, ``pipeline`` only reads."""

    owner: str
    hiring: str
    pipeline: str


def with_login(url: str, user: str, password: str) -> str:
    """Return the URL with another user and password (both plain ASCII)."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc.rpartition('@')[2]}"))


def with_database(url: str, database: str) -> str:
    """Return the URL with another database name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def create_database(server_url: str, database: str = DATABASE) -> str:
    """Make the database if it is missing and return its URL for the same user."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    return with_database(server_url, database)


def create_logins(owner_url: str, passwords: Mapping[str, str]) -> None:
    """Make the group roles and the login users in them if missing, and set the users' passwords.

    The migrations grant rights to the group roles; making an empty one earlier gives no right.
    """
    with psycopg.connect(owner_url) as connection:
        for user, group in LOGINS.items():
            for name in (group, user):
                if not connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
                    connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))
            connection.execute(sql.SQL("alter role {} login password {}").format(sql.Identifier(user), sql.Literal(passwords[user])))
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(user)))


def login_urls(owner_url: str, passwords: Mapping[str, str]) -> DatabaseUrls:
    """Return the three URLs of the owner's database."""
    users = {user: with_login(owner_url, user, passwords[user]) for user in LOGINS}
    return DatabaseUrls(owner=owner_url, hiring=users["nexus_hiring"], pipeline=users["nexus_pipeline"])


def provision(server_url: str, home: Home) -> DatabaseUrls:
    """Make database ``nexus`` and its logins on the embedded server; write and return the URLs. Passwords are kept over restarts."""
    passwords = {user: _known_password(home, user) or random_secrets.token_hex(24) for user in LOGINS}
    owner_url = create_database(server_url)
    create_logins(owner_url, passwords)
    urls = login_urls(owner_url, passwords)
    home.write_secret("databases.json", json.dumps(asdict(urls), indent=2))
    return urls


def _known_password(home: Home, user: str) -> str | None:
    if not (home.root / "secrets" / "databases.json").exists():
        return None
    urls: dict[str, str] = json.loads(home.read_secret("databases.json"))
    return next((urlsplit(url).password for url in urls.values() if urlsplit(url).username == user), None)


def migrate(owner_url: str) -> None:
    """Bring the hiring schemas to the newest version, in a process of its own: nothing imports hiring.

    Raises:
        MigrationFailed: with what the migrations said last.
    """
    done = subprocess.run(
        [sys.executable, "-m", "hiring.migrations", "upgrade"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "NEXUS_DATABASE_OWNER_URL": owner_url},
    )
    if done.returncode:
        raise MigrationFailed(f"migrations failed: {' '.join(done.stderr.split()[-60:])}")
