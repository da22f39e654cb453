"""The audit log's chain: no tampering passes unnoticed, writers never fork it, and a purge leaves it verifiable."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from alembic import command
from sqlalchemy import create_engine

from foundation import clock
from foundation.settings import Home
from hiring.audit.__main__ import main
from hiring.audit.anchors import AnchorBook
from hiring.audit.retention import purge
from hiring.audit.verification import Finding, Verdict, check
from hiring.database import sqlalchemy_url
from hiring.migrations import runner, upgrade
from tests.support.audit_log import INSERT, append, rehash, tampering

WRITER = f"""
import sys, psycopg
connection = psycopg.connect(sys.argv[1])
connection.execute({INSERT!r}, ["killed", "never committed"])
print("holds", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def log(migrated_database, monkeypatch, tmp_path, capsys):
    """A log of ten rows, anchored at row 4 and 10; ``run`` runs the command line and returns exit code and output."""
    monkeypatch.setenv("NEXUS_HOME", str(tmp_path))
    monkeypatch.setenv("NEXUS_DATABASE_OWNER_URL", migrated_database.owner)
    monkeypatch.setenv("NEXUS_DATABASE_PIPELINE_URL", migrated_database.pipeline)

    class Log:
        urls = migrated_database
        book = AnchorBook.of(Home())

        def run(self, *arguments: str) -> tuple[int, str]:
            code = main(list(arguments))
            said = capsys.readouterr()
            return code, said.out + said.err

        def findings(self) -> list[tuple[int, str]]:
            with psycopg.connect(migrated_database.owner) as connection:
                return connection.execute("select * from audit.verify()").fetchall()

    made = Log()
    append(migrated_database.hiring, 4)
    assert made.run("anchor") == (0, "anchored row 4\n")
    append(migrated_database.hiring, 6)
    assert made.run("anchor") == (0, "anchored row 10\n")
    return made


def test_an_untouched_log_verifies_and_says_what_was_checked(log):
    code, said = log.run("verify")
    assert code == 0
    assert said.startswith("10 rows, the last is 10; anchored to row 10 at 20")
    assert log.run("anchor") == (0, "nothing was logged since the last anchor\n")


TAMPERING = [
    (["update audit.events set reason = 'another' where seq = 5"], 5, "edited"),
    (["update audit.events set actor = 'b', reason = null where seq = 10"], 10, "edited"),
    (["delete from audit.events where seq = 5"], 6, "does not follow"),
    (["delete from audit.events where seq = 1"], 2, "does not follow"),
    (["delete from audit.events where seq > 7"], 8, "ends with row 7"),
    (["delete from audit.events"], 1, "ends with row 0"),
    (["update audit.head set hash = repeat('1', 64)"], 10, "another hash"),
    (["delete from audit.head"], 1, "head is missing"),
    (["insert into audit.events select (jsonb_populate_record(e, '{\"seq\": -1}')).* from audit.events e where seq = 5"], 0, "kept"),
    (["insert into audit.events select (jsonb_populate_record(e, '{\"seq\": 11}')).* from audit.events e where seq = 5"], 11, ""),
    (
        [  # a row inserted in the middle, itself hashed well, those behind it numbered anew
            "update audit.events set seq = -seq where seq > 5",
            "update audit.events set seq = 1 - seq where seq < 0",
            "insert into audit.events select (jsonb_populate_record(e, '{\"seq\": 6}')).* from audit.events e where seq = 5",
            "update audit.events e set prev_hash = (select row_hash from audit.events where seq = 5) where seq = 6",
            "update audit.events e set row_hash = audit.digest(e) where seq = 6",
            "update audit.head set seq = 11",
        ],
        7,
        "edited",
    ),
]


def verdict_of(connection, log) -> list[Finding]:
    """Return what a check finds within a transaction."""
    return check(connection, Verdict(anchors=log.book.read()), log.book.public_key()).findings


def test_tampering_is_found_and_the_first_bad_row_is_named(log):
    for statements, first_bad, why in TAMPERING:
        with tampering(log.urls.owner) as owner:
            for statement in statements:
                owner.execute(statement)
            found = verdict_of(owner, log)
            assert (found[0].seq, why in found[0].why) == (first_bad, True), (statements, found)
            owner.rollback()
    assert log.run("verify")[0] == 0
    with tampering(log.urls.owner) as owner:
        owner.execute("delete from audit.events where seq = 5")
    code, said = log.run("verify")
    assert (code, said.startswith("NOT AS WRITTEN: row 6: it does not follow the row before it")) == (1, True)


def test_a_tail_cut_with_the_head_rewritten_is_caught_by_the_anchor_alone(log):
    with tampering(log.urls.owner) as owner:
        owner.execute("delete from audit.events where seq > 7")
        rehash(owner, 7)
    assert log.findings() == []
    code, said = log.run("verify")
    assert (code, "row 8: rows up to 10 were anchored" in said, "its end was cut off" in said) == (1, True, True)
    code, said = log.run("anchor")
    assert (code, "the log ends with row 7" in said) == (1, True)
    append(log.urls.hiring, 5)  # grown past the anchored row again
    assert log.findings() == []
    code, said = log.run("verify")
    assert (code, "row 5: row 10 is not the one anchored" in said) == (1, True)


def test_a_log_hashed_anew_from_the_middle_is_caught_by_the_anchor(log):
    with tampering(log.urls.owner) as owner:
        owner.execute("update audit.events set reason = 'nothing happened' where seq = 6")
        rehash(owner, 6)
    assert log.findings() == []
    code, said = log.run("verify")
    assert (code, "row 5: row 10 is not the one anchored" in said) == (1, True)


def test_anchors_of_another_key_do_not_count_and_a_torn_line_is_left_out(log):
    file = log.book.folder / "anchors.jsonl"
    assert (log.book.home.root / "secrets" / "audit_signing_key").stat().st_mode & 0o777 == 0o600
    whole = file.read_text()
    file.write_text(whole + whole.splitlines()[1][:40])  # the disk was full
    append(log.urls.hiring, 1)
    assert log.run("anchor") == (0, "anchored row 11\n")
    assert log.run("verify")[0] == 0
    file.write_text(file.read_text().replace('"seq": 4', '"seq": 3'))
    code, said = log.run("verify")
    assert (code, "is not signed by the key" in said) == (1, True)
    file.write_text(whole)
    (log.book.home.root / "secrets" / "audit_signing_key").unlink()
    assert log.run("anchor")[0] == 1  # no second key beside the first
    assert log.run("verify")[0] == 0  # the public half is enough


def test_eight_writers_at_once_never_fork_the_chain(log):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: append(log.urls.hiring, 25), range(8)))
    assert log.findings() == []
    with psycopg.connect(log.urls.owner) as owner:
        forks = owner.execute("select count(*), max(seq), count(distinct prev_hash) from audit.events").fetchone()
    assert forks == (210, 210, 210)


def test_a_writer_killed_in_its_transaction_leaves_no_row_and_no_lock(log):
    command_line = [sys.executable, "-c", WRITER, log.urls.hiring]
    with subprocess.Popen(command_line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "holds\n"
        waiting = threading.Thread(target=append, args=(log.urls.hiring, 1))
        waiting.start()
        waiting.join(timeout=0.2)
        assert waiting.is_alive()  # it stands in line behind the writer
        writer.kill()
    waiting.join(timeout=10)
    assert not waiting.is_alive()
    assert log.findings() == []
    with psycopg.connect(log.urls.owner) as owner:
        assert owner.execute("select max(seq), count(*) filter (where action = 'killed') from audit.events").fetchone() == (11, 0)


FORBIDDEN = [
    "update audit.events set reason = 'x'", "delete from audit.events", "truncate audit.events", "select reason from audit.events",
    "update audit.head set seq = 0", "select * from audit.checkpoints", "insert into audit.checkpoints values (5, 'h', now(), 0, 'h', 's')",
    "select * from audit.verify()", "select audit.purge(5, now())", "alter table audit.events disable trigger a_chain",
    "select set_config('audit.is_purging', 'on', true); delete from audit.events",
]  # fmt: skip


def test_the_application_adds_rows_and_can_do_nothing_else(log):
    for url, more in ((log.urls.hiring, "select * from audit.head"), (log.urls.pipeline, INSERT % ("'x'", "'x'"))):
        for statement in (*FORBIDDEN, more):
            with psycopg.connect(url) as login, pytest.raises(psycopg.errors.InsufficientPrivilege):
                login.execute(statement)


def test_what_the_application_says_of_number_and_hashes_does_not_count(log):
    with psycopg.connect(log.urls.hiring) as application:
        application.execute(
            "insert into audit.events (seq, at, db_user, prev_hash, row_hash, actor, actor_type, action, object_type, outcome)"
            " values (3, '2001-01-01', 'x', 'x', 'x', 'a', 'service', 'b', 'c', 'ok')"
        )
    assert log.findings() == []


def test_rows_from_before_the_chain_are_chained_under_their_numbers(fresh_database):
    engine = create_engine(sqlalchemy_url(fresh_database))
    with engine.connect() as connection:
        configuration = runner._configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0004")
        connection.commit()
        for ending in (connection.commit, connection.rollback, connection.commit):  # the second leaves a gap
            connection.exec_driver_sql(INSERT, ("old", "said before"))
            ending()
    engine.dispose()
    upgrade(fresh_database)
    append(fresh_database, 1)
    with psycopg.connect(fresh_database) as owner:
        assert owner.execute("select * from audit.verify()").fetchall() == []
        assert [row[0] for row in owner.execute("select seq from audit.events order by seq")] == [1, 3, 4]


@pytest.fixture
def old_log(log):
    """The log with rows of three ages: 1 to 4 from 2020 (2 and 3 grants), 5 to 7 from 2023 (6 a grant), the rest new; anchored anew."""
    with tampering(log.urls.owner) as owner:
        owner.execute("update audit.events set at = '2020-05-01' where seq <= 4")
        owner.execute("update audit.events set at = '2023-05-01' where seq between 5 and 7")
        owner.execute("update audit.events set action = 'membership.grant' where seq in (2, 3, 6)")
        rehash(owner, 1)
    (log.book.folder / "anchors.jsonl").unlink()
    assert log.run("anchor")[0] == 0
    return log


REASON = ("--reason", "Yearly retention of the log")


def numbers(log) -> list[int]:
    with psycopg.connect(log.urls.owner) as owner:
        return [row[0] for row in owner.execute("select seq from audit.events order by seq")]


def test_a_purge_keeps_grants_longer_and_the_rest_verifiable(old_log):
    log = old_log
    assert log.run("purge", "--before", "2023-06-01")[1].startswith("6 rows up to row 7 would be deleted")
    assert numbers(log) == list(range(1, 11))
    code, said = log.run("purge", "--before", "2023-06-01", *REASON, "--really")
    # grants go a year later: those of 2020 are due too, that of 2023 is not
    assert (code, said) == (0, "6 rows up to row 7 deleted, 1 grants of them are kept\n")
    assert numbers(log) == [6, 8, 9, 10, 11]
    with psycopg.connect(log.urls.owner) as owner:
        assert owner.execute("select action, reason, rows_affected from audit.events where seq = 11").fetchone() == (
            "audit.purge", REASON[1], 6,
        )  # fmt: skip
    assert log.run("verify")[0] == 0
    assert log.run("anchor") == (0, "anchored row 11\n")
    assert "purged to row 7" in log.run("verify")[1]
    later = datetime(clock.now().year + 1, 6, 1, tzinfo=UTC)
    done = purge(log.urls.owner, log.book, date(2024, 6, 1), REASON[1], later, is_dry=False)
    assert (done.cut, done.deleted_count, done.kept_count) == (7, 1, 0)  # the grant has aged; no other row has
    assert numbers(log) == [8, 9, 10, 11, 12]
    assert purge(log.urls.owner, log.book, date(2024, 6, 1), REASON[1], later, is_dry=False).deleted_count == 0
    assert numbers(log) == [8, 9, 10, 11, 12]  # nothing is due: no row either
    assert log.run("verify")[0] == 0


AFTER_A_PURGE = [
    "update audit.events set actor = 'b' where seq = 6",
    "delete from audit.events where seq = 6",
    "delete from audit.events where seq = 8",
    "delete from audit.checkpoints",
    "update audit.checkpoints set kept_count = 0, kept_hash = encode(sha256(''), 'hex')",
    "insert into audit.checkpoints select 8, row_hash, now(), 0, audit.kept_hash(8), 'forged' from audit.events where seq = 8",
]


def test_after_a_purge_tampering_is_still_found(old_log):
    log = old_log
    assert log.run("purge", "--before", "2023-06-01", *REASON, "--really")[0] == 0
    for statement in AFTER_A_PURGE:
        with tampering(log.urls.owner) as owner:
            owner.execute(statement)
            assert verdict_of(owner, log) != [], statement
            owner.rollback()
    assert log.run("verify")[0] == 0


def test_a_purge_is_refused_too_early_without_reason_and_from_a_broken_log(old_log):
    log = old_log
    soon = (clock.now().date() - timedelta(days=600)).isoformat()
    assert "kept 2 years" in log.run("purge", "--before", soon, *REASON, "--really")[1]
    assert "--reason" in log.run("purge", "--before", "2023-06-01", "--really")[1]
    with tampering(log.urls.owner) as owner:
        owner.execute("update audit.events set actor = 'b' where seq = 9")
    code, said = log.run("purge", "--before", "2023-06-01", *REASON, "--really")
    assert (code, "row 9" in said) == (1, True)
    assert numbers(log) == list(range(1, 11))


def test_a_month_is_reviewed_with_refusals_first_and_the_review_is_logged(log):
    month = f"{clock.now():%Y-%m}"
    append(log.urls.hiring, 1, "membership.grant")
    with psycopg.connect(log.urls.hiring) as application:
        application.execute(INSERT.replace("'ok'", "'denied'"), ["users:write", "no permission"])
    code, said = log.run("review", "--month", month, "--csv")
    lines = [line.rsplit(",", 2)[0] for line in said.splitlines()]
    assert (code, lines[0]) == (0, "look,action,outcome,actor_type,actor,events,rows")
    assert lines[1:] == [
        "denied,users:write,denied,person,a,1,0",
        "grant,membership.grant,ok,person,a,1,0",
        ",target.change,ok,person,a,10,0",
    ]
    code, said = log.run("review", "--month", month)
    assert "log     audit.review      ok       system" in said
    assert said.endswith("12 ok, 1 denied, 0 error\n")
    assert log.run("review", "--month", "2020-12")[1].endswith("0 ok, 0 denied, 0 error\n")


def test_the_front_door_hands_the_verdict_on(log):
    with tampering(log.urls.owner) as owner:
        owner.execute("update audit.events set actor = 'b' where seq = 9")
    command_line = [sys.executable, "-m", "nexus", "audit", "verify"]
    found = subprocess.run(command_line, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (found.returncode, found.stdout.splitlines()[0]) == (
        1, "NOT AS WRITTEN: row 9: its content does not match its hash: it was edited",
    )  # fmt: skip
