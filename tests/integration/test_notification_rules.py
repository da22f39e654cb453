"""Which event tells whom what, over the bus, the core's contacts and a real mail server."""

import pytest

from hiring.notifications.texts import FOLDER, LOCALES
from tests.support.notifying import Notifying


def templates(parts: Notifying) -> list[tuple[str, str]]:
    return [(row.template, row.recipient.partition(":")[0]) for row in parts.take_in()]


def test_a_hire_tells_candidates_owner_and_agency_once_each(notifying):
    api = notifying.api
    school, agency = api.organisation("school"), api.organisation("agency")
    director, agent = api.person("hr_director", school), api.person("agency_user", agency)
    job_id = api.open_job(school, credential=director)
    api.offer_to_agencies(job_id)
    notifying.take_in()
    api.apply(job_id)
    rejected = api.apply(job_id)
    submitted = api.do("POST", "/v1/agency-submissions", agent, {"job_id": job_id, "candidate": api.new_person()})["application"]
    api.do("POST", f"/v1/applications/{submitted['id']}/move", json={"to_stage": "interview"})
    api.do("POST", f"/v1/applications/{rejected['id']}/reject", json={})
    api.do("POST", f"/v1/offers/{api.sent_offer(submitted['id'])}/accept")
    told = sorted(templates(notifying))
    assert told == sorted(
        [("welcome", "user")] * 2
        + [("application_received", "candidate")] * 3
        + [("interview", "candidate"), ("rejected", "candidate"), ("offer", "candidate"), ("job_closed", "candidate")]
        + [("hired", "user"), ("placed", "user")]
    )
    notifying.send()
    assert {(row.state, row.error) for row in notifying.deliveries()} == {("sent", None)}
    assert len(notifying.letters()) == len(told)
    subjects = {letter["Subject"] for letter in notifying.letters()}
    assert "Ein Angebot von scho" in {subject[:20] for subject in subjects}


def test_a_batch_told_twice_makes_no_second_delivery_and_old_news_makes_none(notifying):
    api = notifying.api
    job_id = api.open_job(api.organisation("school"))
    api.apply(job_id)
    before = notifying.take_in()
    with notifying.engine.begin() as connection:
        connection.exec_driver_sql("update outbox.offsets set seq = 0 where consumer = 'notifications'")
    assert notifying.take_in() == before
    assert len(before) == 1
    body = {"job_id": job_id, "candidate": api.new_person(), "event_at": "2026-01-05T09:00:00Z"}
    api.do("POST", "/v1/applications", json=body)
    assert notifying.take_in() == before


def test_an_application_moved_there_and_back_is_told_once(notifying):
    application = notifying.api.apply(notifying.api.open_job(notifying.api.organisation("school")))
    for stage in ("interview", "screen", "interview"):
        notifying.api.do("POST", f"/v1/applications/{application['id']}/move", json={"to_stage": stage})
        notifying.take_in()
    assert templates(notifying) == [("application_received", "candidate"), ("interview", "candidate")]


def test_words_are_the_persons_own_and_what_they_hold_is_escaped(notifying):
    api = notifying.api
    school = api.organisation("school", name="School <b>am</b> Park")
    job_id = api.open_job(school)
    french = api.open_job(api.organisation("school", country="FR"))
    asked = [(job_id, "ko-kr"), (job_id, None), (french, "fr"), (job_id, "fr-CH"), (job_id, "en")]  # the person's, the school's, English
    people = [api.apply(job, country="KR", preferred_language=tag, given_name="Ada<AT>")["candidate_id"] for job, tag in asked]
    notifying.take_in()
    notifying.send()
    assert [row.locale for row in notifying.deliveries()] == ["ko", "de", "en", "de", "en"]
    assert api.do("GET", f"/v1/candidates/{people[0]}")["preferred_language"] == "ko-KR"
    changed = api.do("PATCH", f"/v1/candidates/{people[0]}", json={"preferred_language": "zh-hant-TW"}, If_Match='"1"')
    assert changed["preferred_language"] == "zh-Hant-TW"
    for tag in ("Deutsch", "d", "de_AT", "de-", "", "de\u0000"):
        refused = api.send("PATCH", f"/v1/candidates/{people[0]}", api.platform, {"preferred_language": tag}, If_Match='"2"')
        assert (refused.status_code, "preferred_language" in refused.text) == (422, True), tag
    by_language = {letter["Content-Language"]: letter for letter in notifying.letters()}
    assert set(by_language) == {"ko", "de", "en"}
    assert by_language["ko"]["Subject"] == "School <b>am</b> Park Teacher 지원이 접수되었습니다"
    html = by_language["de"].get_body(("html",)).get_content()
    assert "School &lt;b&gt;am&lt;/b&gt; Park" in html
    assert "Ada&lt;AT&gt;" in html
    assert "Ada<AT>" in by_language["de"].get_body(("plain",)).get_content()


def test_merged_people_are_written_to_at_the_record_that_stays_and_erased_ones_not_at_all(notifying):
    api = notifying.api
    school = api.organisation("school")
    first, second, third = (api.apply(api.open_job(school)) for _ in range(3))
    api.do("POST", f"/v1/candidates/{first['candidate_id']}/merge", json={"into_id": second["candidate_id"]})
    erase = "update candidates.candidates set erased_at = now(), email_encrypted = null where id = '{}'"
    with api.engine.begin() as connection:
        connection.exec_driver_sql(erase.format(third["candidate_id"]))
    notifying.take_in()
    notifying.send()
    assert [(row.state, row.error) for row in notifying.deliveries()] == [("sent", None), ("sent", None), ("skipped", "no_contact")]
    assert len({letter["To"] for letter in notifying.letters()}) == 1


def test_what_was_sent_becomes_a_message_of_the_application_once(notifying):
    api = notifying.api
    application = api.apply(api.open_job(api.organisation("school")))
    notifying.take_in()
    notifying.send()
    with notifying.engine.begin() as connection:
        notifying.take_in()
        connection.exec_driver_sql("update outbox.offsets set seq = 0 where consumer = 'messages'")
    notifying.take_in()
    [message] = api.do("GET", f"/v1/applications/{application['id']}/messages")
    assert (message["direction"], message["is_automatic"]) == ("to_candidate", True)
    [delivery] = notifying.deliveries()
    [(source, source_id, sent_at)] = api.rows("select source_system, source_id, sent_at from applications.messages")
    assert (source, source_id, sent_at) == ("notifications", str(delivery.id), delivery.sent_at)


def test_only_the_service_asks_for_contacts(notifying):
    api = notifying.api
    school = api.organisation("school")
    application = api.apply(api.open_job(school))
    question = {"recipients": [f"candidate:{application['candidate_id']}"], "application_ids": [application["id"]]}
    assert api.send("POST", "/internal/contacts", api.person("hr_director", school), question).status_code == 403
    assert api.send("POST", "/internal/contacts", api.person("platform_admin", None), question).status_code == 403
    key = api.do("POST", "/v1/api-keys", json={"name": "x", "scopes": ["contacts:read"], "tenant_ids": [school]})["credential"]
    assert api.send("POST", "/internal/contacts", key, question).status_code == 403
    answer = api.do("POST", "/internal/contacts", notifying.home.read_secret("notifications_api_key"), question)
    assert answer["contacts"][0]["locale"] is None
    assert (answer["applications"][0]["locale"], answer["applications"][0]["timezone"]) == ("de", "UTC")
    assert answer["applications"][0]["job_title"] == "Teacher"
    reply = api.send(
        "POST", "/internal/contacts", notifying.home.read_secret("notifications_api_key"), {"recipients": ["ada@mail.example"]}
    )
    assert reply.status_code == 422
    assert "ada" not in reply.text


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_has_every_file(locale):
    files = {file.name for file in (FOLDER / "en").iterdir()}
    assert {file.name for file in (FOLDER / locale).iterdir()} == files
