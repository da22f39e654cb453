"""Background jobs under attack and in accidents: one job fails, nothing else does, and nothing is lost."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from hiring.assessments.__main__ import main
from hiring.assessments.sandbox import Limits, ReadingFailed, read_file
from tests.support.documents import RESUME, docx_of, endless_pdf, pdf_of, pdf_with, zip_bomb

PROJECT = Path(__file__).parents[2]
QUICK = {"parse_cpu_seconds": 1, "parse_memory_mb": 256}


def job(api, upload) -> dict:
    found: dict = api.do("GET", f"/v1/resume-parses/{upload['resume_parse_id']}")
    return found


def readers_of(pid: int) -> list[psutil.Process]:
    """Return the processes that read files for a process."""
    return [child for child in psutil.Process(pid).children() if "hiring.assessments.child" in child.cmdline()]


def test_hostile_files_cost_one_failed_job_each_and_nothing_else(assessments_api):
    api = assessments_api
    application_id = api.application()
    files = {
        "memory_exceeded": zip_bomb(declared=5_000),
        "cpu_time_exceeded": endless_pdf(),
        "broken_document": pdf_of(RESUME)[:700],
        "no_text_found": pdf_with("BT ET"),
    }
    uploads = {code: api.handed_in("resume", content, application_id) for code, content in files.items()}
    loop = api.handed_in("resume", pdf_with("BT ET", kids="2 0 R 2 0 R"), application_id)
    good = api.handed_in("resume", docx_of(RESUME), application_id)
    before = psutil.Process().memory_info().rss
    api.work(**QUICK)
    assert psutil.Process().memory_info().rss - before < 30_000_000
    jobs = {code: job(api, upload) for code, upload in uploads.items()}
    assert {code: (found["state"], found["error"], found["attempts"]) for code, found in jobs.items()} == {
        code: ("dead", code, 1) for code in files
    }
    assert job(api, loop)["state"] == "dead"
    assert job(api, good)["state"] == "done"
    assert len(api.events("RESUME_PARSED")) == 1
    assert all(found["match_score"] is None and found["result"] is None for found in jobs.values())


def test_killed_worker_loses_nothing(assessments_api):
    api = assessments_api
    upload = api.handed_in("resume", endless_pdf())
    files = list(api.folder.iterdir())
    environment = {
        **os.environ, "NEXUS_HOME": str(api.home.root), "NEXUS_ASSESSMENTS_DATABASE_URL": api.settings.database_url,
        "NEXUS_ASSESSMENTS_PARSE_CPU_SECONDS": "60",
    }  # fmt: skip
    command = [sys.executable, "-m", "hiring.worker", "--only", "read resume", "--url", api.core.urls.hiring]
    worker = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        children: list[psutil.Process] = []
        while not children and time.monotonic() < end:
            children = readers_of(worker.pid)
            threading.Event().wait(0.1)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert children
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert (len(gone), alive) == (len(children), [])  # the reader dies with its worker
    assert job(api, upload)["state"] == "running"
    api.work()
    assert job(api, upload)["state"] == "running"  # under its lease
    files[0].write_bytes(pdf_of(RESUME))  # else the second run would take as long as the first
    api.rows("update assessments.resume_parses set leased_until = now() - interval '1 second'")
    api.work()
    found = job(api, upload)
    assert (found["state"], found["attempts"], found["match_score"]) == ("done", 2, 1.0)
    assert len(api.events("RESUME_PARSED")) == 1


def test_failing_jobs_get_their_tries_and_are_retried_by_route_and_by_command(assessments_api, monkeypatch, capsys):
    api = assessments_api
    application_id = api.application()
    slow = api.handed_in("resume", RESUME.encode(), application_id)
    path = f"/v1/resume-parses/{slow['resume_parse_id']}"
    assert api.send("POST", f"{path}/retry").status_code == 409
    for attempt in (1, 2, 3):
        api.work(parse_seconds=0.001)
        found = job(api, slow)
        assert (found["error"], found["attempts"]) == ("time_exceeded", attempt)
        assert found["state"] == ("queued" if attempt < 3 else "dead")
        api.rows("update assessments.resume_parses set due_at = now()")
    assert api.do("POST", f"{path}/retry")["state"] == "queued"
    api.work()
    assert job(api, slow)["state"] == "done"

    deadly = api.handed_in("resume", RESUME.encode(), application_id)
    lost = "update assessments.resume_parses set state = 'running', attempts = 3, leased_until = now() - interval '1 second' where id = %s"
    api.rows(lost, deadly["resume_parse_id"])
    api.work()
    assert (job(api, deadly)["state"], job(api, deadly)["error"]) == ("dead", "worker_lost")  # it kills whoever takes it

    monkeypatch.setenv("NEXUS_ASSESSMENTS_DATABASE_URL", api.settings.database_url)
    assert main(["jobs", "list", "--state", "dead"]) == 0
    assert capsys.readouterr().out == f"{deadly['resume_parse_id']}  resume  dead  0 %  tries 4  worker_lost\n"
    assert main(["jobs", "show", deadly["resume_parse_id"]]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], "result" in shown) == ("dead", False)
    assert main(["jobs", "retry", "--all"]) == 0
    assert capsys.readouterr().out == "1 job(s) queued again\n"
    api.rows(lost, deadly["resume_parse_id"])
    api.work()
    api.do("DELETE", f"/v1/uploads/{deadly['id']}")
    gone = api.send("POST", f"/v1/resume-parses/{deadly['resume_parse_id']}/retry")
    assert gone.json()["type"] == "/problems/file-gone"
    assert main(["jobs", "retry", deadly["resume_parse_id"]]) == 0
    assert capsys.readouterr().out == "0 job(s) queued again\n"


def test_confined_process_has_no_network_and_few_resources():
    program = """
import os, resource, socket
from hiring.assessments.child import confine
confine(512_000_000, 20)
print(resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_FSIZE)[0], *resource.getrlimit(resource.RLIMIT_CPU))
try:
    socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 1)
except OSError as error:
    print(type(error).__name__)
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = {"PORT": str(server.getsockname()[1])}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    limits, *network = done.stdout.splitlines()
    assert limits == "512000000 0 20 21", done.stderr
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0:
        assert network == ["OSError"]


def test_reader_that_is_killed_or_says_too_much_is_told_apart(tmp_path):
    file = tmp_path / "resume"
    file.write_bytes(endless_pdf())
    request = {"content_type": "application/pdf", "today": "2026-11-01", "asked": None}

    def kill_reader() -> None:
        end = time.monotonic() + 30
        while not (readers := readers_of(os.getpid())) and time.monotonic() < end:
            threading.Event().wait(0.05)
        for reader in readers:
            reader.kill()

    killer = threading.Thread(target=kill_reader)
    killer.start()
    with file.open("rb") as stream, pytest.raises(ReadingFailed) as failure:
        read_file("resume", stream, request, Limits(cpu_seconds=30), lambda _: None)
    killer.join()
    assert (failure.value.code, failure.value.is_final) == ("parser_crashed", False)
    file.write_text(RESUME)
    with file.open("rb") as stream, pytest.raises(ReadingFailed) as failure:
        read_file("resume", stream, {**request, "content_type": "text/plain"}, Limits(result_bytes=500), lambda _: None)
    assert (failure.value.code, failure.value.is_final) == ("result_too_large", True)
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY  # ours stay as they were


def test_metrics_of_the_service_show_its_own_queues_to_operators_alone(assessments_api):
    api = assessments_api
    api.handed_in("resume", b"Ada Example, teacher of mathematics")
    assert api.send("GET", "/metrics").status_code == 403  # a recruiter's
    told = api.send("GET", "/metrics", api.core.platform).text
    assert 'jobs{kind="resume",state="queued"} 1.0' in told
    assert 'http_request_seconds_count{method="POST",route="/v1/uploads",service="assessments",status="201"} 1.0' in told
