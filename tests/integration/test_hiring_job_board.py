"""The public job board: what anybody may see, found by what they ask, cached and never stale for long."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from foundation import clock
from hiring.bus.relay import Relay
from hiring.database import open_engine

BOARD = "/v1/job-board/jobs"
INTERNAL = {"tenant_id", "organisation_id", "owner_id", "status", "source_system", "source_id", "headcount", "version"}


@pytest.fixture
def with_redis(redis_server, monkeypatch):
    """Keep the board's answers in a real Redis; requested before the API it configures."""
    monkeypatch.setenv("NEXUS_CACHE_URL", redis_server.url)
    return redis_server


@pytest.fixture
def channel(hiring_api):
    return hiring_api.do("POST", "/v1/channels", json={"name": "Board", "type": "job_board"})["id"]


@pytest.fixture
def relayed(hiring_api):
    """Move events as a worker would, until the test ends."""
    engine, stopping = open_engine(hiring_api.urls.hiring, 1), threading.Event()

    def move():
        while not stopping.is_set():
            Relay(engine).work() or stopping.wait(0.02)

    thread = threading.Thread(target=move)
    thread.start()
    yield
    stopping.set()
    thread.join()
    engine.dispose()


def post_job(api, channel, school, *, is_internal=False, **fields):
    """Draft, approve, open and post a job; return its id."""
    body = {"tenant_id": school, "title": "Teacher", "subject": "mathematics", "grade_range": "9-12", "headcount": 1, **fields}
    job = api.do("POST", "/v1/jobs", json=body)["id"]
    for step in ("approve", "open"):
        api.do("POST", f"/v1/jobs/{job}/{step}")
    api.do("POST", f"/v1/jobs/{job}/postings", json={"channel_id": channel, "is_internal": is_internal})
    return job


def found(api, **query):
    reply = api.client.get(BOARD, params=query)
    assert reply.status_code == 200, reply.text
    return [item["id"] for item in reply.json()["items"]]


def eventually(check, seconds=5.0):
    """Wait until a check holds: an event has to travel."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_search_by_subject_country_level_start_and_words(hiring_api, channel):
    vienna, leeds = hiring_api.organisation("school", country="AT"), hiring_api.organisation("school", country="GB")
    maths = post_job(hiring_api, channel, vienna, title="Mathematics teacher", target_start_date="2027-09-01")
    head = {"title": "Head of physics", "subject": "physics", "grade_range": "K-8", "target_start_date": "2027-01-10"}
    physics = post_job(hiring_api, channel, leeds, **head)
    assert found(hiring_api) == [physics, maths]
    assert found(hiring_api, subject="physics") == [physics]
    assert found(hiring_api, country="AT") == [maths]
    assert found(hiring_api, country="US") == []
    assert found(hiring_api, level="K-8") == [physics]
    assert found(hiring_api, starts_from="2027-02-01") == [maths]
    assert found(hiring_api, starts_to="2027-02-01") == [physics]
    assert found(hiring_api, q="HEAD physics") == [physics]
    assert found(hiring_api, q="teacher -physics") == [maths]
    assert found(hiring_api, q="mathematics", country="GB") == []


def test_a_job_shows_only_public_fields(hiring_api, channel):
    school = hiring_api.organisation("school", name="Grove School")
    job = post_job(hiring_api, channel, school, headcount=2, salary_min_minor=5_000_000, salary_max_minor=6_000_000, salary_currency="EUR")
    shown = hiring_api.client.get(f"{BOARD}/{job}").json()
    assert (shown["school"], shown["openings_count"]) == ({"name": "Grove School", "country": "AT"}, 2)
    assert not INTERNAL & shown.keys()
    assert school not in str(shown)


def test_drafts_internal_closed_filled_and_unposted_jobs_are_not_on_the_board(hiring_api, channel):
    school = hiring_api.organisation("school")
    hiring_api.open_job(school)  # never posted
    post_job(hiring_api, channel, school, is_internal=True)
    closed = post_job(hiring_api, channel, school)
    hiring_api.do("POST", f"/v1/jobs/{closed}/close", json={"reason": "budget"})
    held = post_job(hiring_api, channel, school)
    hiring_api.do("POST", f"/v1/jobs/{held}/hold")
    filled = post_job(hiring_api, channel, school)
    offer = hiring_api.sent_offer(hiring_api.apply(filled)["id"])
    hiring_api.do("POST", f"/v1/offers/{offer}/accept")
    assert found(hiring_api) == []
    for job in (closed, held, filled):
        reply = hiring_api.client.get(f"{BOARD}/{job}")
        assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")


def test_pages_hold_every_job_once_newest_first(hiring_api, channel):
    school = hiring_api.organisation("school")
    jobs = [post_job(hiring_api, channel, school) for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = hiring_api.client.get(BOARD, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == jobs[::-1]


@pytest.mark.parametrize(
    "query", [{"cursor": "x"}, {"country": "Austria"}, {"limit": 101}, {"starts_from": "soon"}, {"page": 2}, {"q": "\x00"}]
)
def test_a_bad_question_is_a_problem_that_names_the_field(hiring_api, query):
    reply = hiring_api.client.get(BOARD, params=query)
    assert reply.status_code in {400, 422}
    assert reply.headers["content-type"] == "application/problem+json"
    assert next(iter(query)) in reply.text


def test_etag_answers_304_and_says_how_long_a_cdn_may_keep_it(hiring_api, channel):
    post_job(hiring_api, channel, hiring_api.organisation("school"))
    first = hiring_api.client.get(BOARD)
    assert first.headers["cache-control"] == "public, max-age=30, s-maxage=60, stale-while-revalidate=300"
    again = hiring_api.client.get(BOARD, headers={"If-None-Match": f'W/{first.headers["etag"]}, "other"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    other = hiring_api.client.get(BOARD, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200
    private = hiring_api.send("GET", "/v1/jobs", hiring_api.platform)
    assert private.headers["cache-control"] == "private, no-store"


def test_an_event_ends_what_was_cached(hiring_api, channel, relayed):
    school = hiring_api.organisation("school")
    assert found(hiring_api) == []
    job = post_job(hiring_api, channel, school)
    eventually(lambda: found(hiring_api) == [job])
    version = hiring_api.send("GET", f"/v1/jobs/{job}", hiring_api.platform).headers["etag"]
    hiring_api.do("PATCH", f"/v1/jobs/{job}", json={"title": "Deputy head"}, If_Match=version)
    eventually(lambda: hiring_api.client.get(f"{BOARD}/{job}").json()["title"] == "Deputy head")
    hiring_api.do("POST", f"/v1/jobs/{job}/close", json={"reason": "budget"})
    eventually(lambda: found(hiring_api) == [])


def test_two_hundred_misses_at_once_ask_the_database_once_and_all_answer_right(hiring_api, channel):
    job = post_job(hiring_api, channel, hiring_api.organisation("school"), title="Zoology teacher")
    questions = []

    def count(_connection, _cursor, statement, *_):
        if "websearch_to_tsquery" in statement:
            questions.append(statement)

    event.listen(hiring_api.app.state.engine, "before_cursor_execute", count)
    try:
        with ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(lambda _: found(hiring_api, q="zoology"), range(200)))
    finally:
        event.remove(hiring_api.app.state.engine, "before_cursor_execute", count)
    assert answers == [[job]] * 200
    assert len(questions) == 1


def test_a_posting_that_ended_is_gone_without_an_event(hiring_api, channel):
    job = post_job(hiring_api, channel, hiring_api.organisation("school"))
    with hiring_api.engine.begin() as connection:
        connection.exec_driver_sql("update jobs.postings set live_to = %s", (clock.now() - timedelta(seconds=1),))
    assert found(hiring_api, limit=21) == []
    assert hiring_api.client.get(f"{BOARD}/{job}").status_code == 404


def test_in_redis_an_event_ends_what_was_cached_and_an_outage_only_costs_speed(with_redis, hiring_api, channel, relayed):
    school = hiring_api.organisation("school")
    assert found(hiring_api) == []
    job = post_job(hiring_api, channel, school)
    eventually(lambda: found(hiring_api) == [job])
    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(lambda _: found(hiring_api, q="teacher"), range(200))) == [[job]] * 200
    assert with_redis.say("DBSIZE") != b":0\r\n"
    with_redis.kill()
    assert found(hiring_api) == [job]
    other = post_job(hiring_api, channel, school)
    eventually(lambda: found(hiring_api) == [other, job])
    with_redis.start()
    assert found(hiring_api) == [other, job]
