"""Files handed in: what they are is found in them, too large ones are refused early, and whatever goes wrong leaves nothing behind."""

import asyncio
import resource
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from foundation import clock
from foundation.settings import Home
from hiring.assessments.app import create_app
from hiring.assessments.errors import StorageFull
from hiring.assessments.own_database import prepare
from hiring.assessments.stations import Sweep
from hiring.assessments.upload_files import UploadFiles
from hiring.database import session_factory
from tests.support.documents import RESUME, docx_of, pdf_of, zip_bomb
from tests.support.http_server import served

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(64)
VTT = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Ada>Good morning.\n"
SRT = b"1\n00:00:01,000 --> 00:00:02,000\nAda: Good morning.\n"


def test_type_is_found_in_the_content_and_nothing_else_is_taken(assessments_api):
    api = assessments_api
    application_id = api.application()
    taken = {
        "application/pdf": ("resume", pdf_of(RESUME)),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("resume", docx_of(RESUME)),
        "text/plain": ("resume", RESUME.encode()),
        "text/vtt": ("transcript", VTT),
        "application/x-subrip": ("transcript", SRT),
        "video/mp4": ("video", MP4),
        "video/webm": ("video", b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(64)),
    }
    for content_type, (kind, content) in taken.items():
        upload = api.handed_in(kind, content, application_id)
        assert (upload["content_type"], upload["size"]) == (content_type, len(content))
    assert {file.stat().st_mode & 0o777 for file in api.folder.iterdir()} == {0o600}
    assert api.folder.stat().st_mode & 0o777 == 0o700
    refused = [
        ("resume", b""), ("resume", b"MZ\x90\x00" + bytes(200)), ("resume", "Ada".encode("utf-16")), ("resume", b"\xff\xfe\xfa"),
        ("resume", MP4), ("resume", b"PK\x03\x04" + bytes(500)), ("resume", zip_bomb(unpacked=62_000_000)),
        ("transcript", pdf_of(RESUME)), ("video", pdf_of(RESUME)), ("video", b"text"),
    ]  # fmt: skip
    for kind, content in refused:
        reply = api.put(kind, content, application_id)
        assert reply.status_code == 415, (kind, content[:20])
        assert "by its content" in reply.json()["detail"]
    assert len(list(api.folder.iterdir())) == len(taken)


def test_large_files_are_refused_before_and_while_they_arrive(assessments_api):
    api = assessments_api
    body = {"application_id": api.application(), "kind": "resume"}
    path = f"/v1/uploads/{api.do('POST', '/v1/uploads', json=body)['id']}/content"
    with socket.create_connection((api.client.base_url.host, api.client.base_url.port), timeout=10) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.recruiter}\r\nContent-Length: 200000000\r\n\r\n"
        connection.sendall(head.encode())  # not one byte of the 200 MB
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")
    before = psutil.Process().memory_info().rss
    most = [before]
    chunks = (b"x" * 1_000_000 for _ in range(11))

    def watched():
        for chunk in chunks:
            most[0] = max(most[0], psutil.Process().memory_info().rss)
            yield chunk

    reply = api.client.put(path, content=watched(), headers={"Authorization": f"Bearer {api.recruiter}"})
    assert reply.status_code == 413
    assert reply.json()["detail"] == "a resume may have at most 10000000 bytes"
    assert list(api.folder.iterdir()) == []
    assert api.do("GET", path.removesuffix("/content"))["state"] == "awaited"
    video = api.handed_in("video", (MP4.ljust(1_000_000, b"v") for _ in range(60)))
    assert video["size"] == 60_000_000
    assert psutil.Process().memory_info().rss - before < 40_000_000  # streamed, not buffered
    assert api.client.post("/v1/uploads", content=b"x" * 1_100_000).status_code == 413


def test_broken_connection_leaves_nothing(assessments_api):
    api = assessments_api
    body = {"application_id": api.application(), "kind": "video"}
    path = f"/v1/uploads/{api.do('POST', '/v1/uploads', json=body)['id']}/content"
    connection = socket.create_connection((api.client.base_url.host, api.client.base_url.port), timeout=10)
    head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.recruiter}\r\nContent-Length: 50000000\r\n\r\n"
    connection.sendall(head.encode() + MP4 + bytes(3_000_000))
    until(lambda: any(file.stat().st_size > 1_000_000 for file in api.folder.iterdir()))
    connection.close()
    until(lambda: not list(api.folder.iterdir()))
    assert api.do("GET", path.removesuffix("/content"))["state"] == "awaited"
    retried = api.client.put(path, content=MP4, headers={"Authorization": f"Bearer {api.recruiter}"})
    assert retried.json()["state"] == "stored"
    again = api.client.put(path, content=MP4, headers={"Authorization": f"Bearer {api.recruiter}"})
    assert again.status_code == 409
    assert len(list(api.folder.iterdir())) == 1


def until(condition, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        threading.Event().wait(0.02)
    assert condition()


def test_full_disk_leaves_nothing(tmp_path: Path):
    async def chunks():
        for _ in range(8):
            yield b"x" * 1_000_000

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, before[1]))  # the fault: no file grows any more
    try:
        with pytest.raises(StorageFull):
            asyncio.run(UploadFiles(tmp_path).receive(chunks(), "resume", 10_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_tenants_roles_and_repeated_requests_without_a_table_of_the_core(assessments_api):
    api = assessments_api
    other = api.core.person("recruiter", api.core.organisation("school"))
    application_id = api.application()
    body = {"application_id": application_id, "kind": "resume"}
    assert api.send("POST", "/v1/uploads", other, body).status_code == 404
    assert api.send("POST", "/v1/uploads", api.core.person("interviewer", api.school), body).status_code == 403
    assert api.send("POST", "/v1/uploads", "nonsense", body).status_code == 401
    upload = api.handed_in("resume", RESUME.encode(), application_id)
    paths = [f"/v1/uploads/{upload['id']}", f"/v1/resume-parses/{upload['resume_parse_id']}"]
    assert [api.send("GET", path, other).status_code for path in paths] == [404, 404]
    assert api.do("GET", "/v1/resume-parses", other)["items"] == []
    assert [api.send(*request, other).status_code for request in (("DELETE", paths[0]), ("POST", f"{paths[1]}/retry"))] == [404, 404]
    agency = api.core.person("agency_user", api.core.organisation("agency"))
    assert api.send("GET", paths[0], agency).status_code == 403
    first, second = (api.send("POST", "/v1/uploads", json=body, Idempotency_Key="once") for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert prepare(api.engine.url.render_as_string(hide_password=False)) == []  # nothing was left to do
    schemas = {row[0] for row in api.rows("select schema_name from information_schema.schemata")}
    assert schemas >= {"assessments", "outbox", "capture"}
    assert not schemas & {"identity", "jobs", "candidates", "applications", "equity", "insights", "notifications"}


def test_files_go_when_their_time_is_over(assessments_api):
    api = assessments_api
    video = api.handed_in("video", MP4)
    deleted = api.handed_in("video", MP4)
    api.do("DELETE", f"/v1/uploads/{deleted['id']}")
    (api.folder / "left_by_a_crash.part").write_bytes(b"x")
    sweep = Sweep(session_factory(api.own_engine), UploadFiles(api.folder), timedelta(days=30))
    assert sweep.sweep(clock.now()) == 0
    assert sweep.sweep(clock.now() + timedelta(days=2)) == 1
    assert len(list(api.folder.iterdir())) == 1
    assert sweep.sweep(clock.now() + timedelta(days=31)) == 1
    assert api.do("GET", f"/v1/uploads/{video['id']}")["state"] == "deleted"
    assert list(api.folder.iterdir()) == []


def test_core_that_does_not_answer_lets_nobody_in(tmp_path, assessments_api):
    home = Home(home=tmp_path / "lonely")
    home.write_secret("internal_api_key", "a.b")
    settings = assessments_api.settings.model_copy(update={"hiring_url": "http://127.0.0.1:9"})
    with served(create_app(settings, home=home)) as client:
        reply = client.get("/v1/interviews", headers={"Authorization": "Bearer x"})
        assert client.get("/health/ready").json() == {"status": "ready"}
    assert reply.status_code == 503
    assert reply.headers["content-type"] == "application/problem+json"
