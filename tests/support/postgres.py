"""One embedded PostgreSQL a test session (and xdist worker); databases by the copy of a migrated template."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from foundation.settings import Home
from nexus.databases import LOGINS, DatabaseUrls, create_database, create_logins, login_urls, migrate, with_database
from nexus.embedded_postgres import EmbeddedPostgres

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "1GB"}
TEMPLATE = "template_migrated"
PASSWORDS = {user: f"{user}_of_the_tests" for user in LOGINS}
_numbers = count(1)


def open_folder(prefix: str) -> Path:
    """Make a temporary folder that an account root drops to can enter (pytest's own are closed to it)."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """Return a running server; ``.url(database)`` is the superuser's URL."""
    folder = open_folder(f"nexus-postgres-{os.getpid()}-")
    server = EmbeddedPostgres(Home(home=folder), settings=FAST)
    try:
        yield server.start()
    finally:
        server.purge()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_template(postgres_server: EmbeddedPostgres) -> str:
    """Return the name of a database that has every migration and that nobody is connected to."""
    owner_url = create_database(postgres_server.url(), TEMPLATE)
    create_logins(owner_url, PASSWORDS)
    migrate(owner_url)
    return TEMPLATE


@pytest.fixture
def new_database(postgres_server: EmbeddedPostgres) -> Iterator[Callable[[str], str]]:
    """Return a function that copies the named template into a new database and returns its superuser URL; dropped after the test."""
    made: list[str] = []

    def create(template: str = "template1") -> str:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(sql.Identifier(name), sql.Identifier(template))
            )
        made.append(name)
        return with_database(postgres_server.url(), name)

    yield create
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def fresh_database(new_database: Callable[[str], str]) -> str:
    """Return the superuser URL of a new, empty database."""
    return new_database("template1")


@pytest.fixture
def migrated_database(new_database: Callable[[str], str], migrated_template: str) -> DatabaseUrls:
    """Return the owner, hiring and pipeline URLs of a new database with every migration."""
    return login_urls(new_database(migrated_template), PASSWORDS)
