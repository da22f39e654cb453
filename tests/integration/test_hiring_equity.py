"""The self-identification survey: only the allowed columns, a transaction of its own, no trace elsewhere."""

import psycopg
import pytest

from foundation.pseudonyms import dei_key

ANSWERS = {"gender": "female", "ethnicity": "declined", "age_band": "25_34", "disability": "no", "veteran": "no"}


@pytest.fixture
def invited(hiring_api):
    """Return the API, the application and the link's token."""
    api = hiring_api
    school = api.organisation("school", country="GB", equity_survey_enabled=True)
    application = api.apply(api.open_job(school))
    body = {"application_id": application["id"], "locale": "de-AT"}
    return api, application, api.do("POST", "/v1/equity/invitations", api.person("recruiter", school), body)["token"]


def test_answer_keeps_the_allowed_columns_and_leaves_no_other_trace(invited):
    api, application, token = invited
    stores = ("outbox.events", "identity.idempotency_keys", "capture.tombstones")
    traces = "select " + ", ".join(f"(select count(*) from {store})" for store in stores)
    before = api.rows(traces)
    reply = api.send("POST", "/v1/equity/responses", json={"token": token, **ANSWERS}, Idempotency_Key="survey")
    assert (reply.status_code, reply.content) == (204, b"")
    assert api.rows(traces) == before
    key = dei_key(api.home.read_secret("equity_key"), application["tenant_id"], application["candidate_id"])
    columns = "dei_key, tenant_id::text, question_set_version, locale, gender, ethnicity, age_band, disability, veteran"
    assert api.rows(f"select {columns} from equity.responses") == [(key, application["tenant_id"], "1", "de-AT", *ANSWERS.values())]
    assert api.rows("select dei_key from equity.invitations") == [(key,)]


def test_rows_share_no_transaction_with_anything_else(invited):
    api, _, token = invited
    api.do("POST", "/v1/equity/responses", json={"token": token, **ANSWERS})
    with psycopg.connect(api.urls.owner) as connection:
        tables = connection.execute(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r'"
            " and n.nspname in ('identity', 'jobs', 'candidates', 'applications', 'outbox')"
        ).fetchall()
        others = {row[0] for (table,) in tables for row in connection.execute(f"select distinct xmin::text from {table}")}
        survey = [connection.execute(f"select xmin::text from equity.{table}").fetchone()[0] for table in ("invitations", "responses")]
    assert len(others) > 5
    assert not set(survey) & others
    assert survey[0] != survey[1]


def test_answer_is_final_and_values_are_a_closed_list(invited):
    api, _, token = invited
    wrong = api.send("POST", "/v1/equity/responses", json={"token": token, **ANSWERS, "gender": "unheard-of"})
    assert wrong.status_code == 422
    assert "unheard-of" not in wrong.text
    api.do("POST", "/v1/equity/responses", json={"token": token, **ANSWERS})
    again = api.send("POST", "/v1/equity/responses", json={"token": token, **ANSWERS})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-answered")


def test_link_names_nobody_and_cannot_be_forged(invited):
    api, application, token = invited
    assert application["candidate_id"] not in token
    for forged in (token[:-4] + "AAAA", "x", ""):
        reply = api.send("POST", "/v1/equity/responses", json={"token": forged, **ANSWERS})
        assert (reply.status_code, reply.json()["type"]) == (422, "/problems/survey-link-invalid")
    assert api.rows("select count(*) from equity.responses") == [(0,)]


def test_survey_is_off_where_the_school_does_not_offer_it(hiring_api):
    api = hiring_api
    closed = api.apply(api.open_job(api.organisation("school")))
    refused = api.send("POST", "/v1/equity/invitations", api.platform, {"application_id": closed["id"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/survey-not-offered")
    school = api.organisation("school", country="GB", equity_survey_enabled=True)
    application = api.apply(api.open_job(school))
    token = api.do("POST", "/v1/equity/invitations", json={"application_id": application["id"]})["token"]
    api.do("PATCH", f"/v1/organisations/{school}", json={"equity_survey_enabled": False}, If_Match='"1"')
    assert api.send("POST", "/v1/equity/responses", json={"token": token, **ANSWERS}).status_code == 409
    assert api.rows("select (select count(*) from equity.responses), (select count(*) from equity.invitations)") == [(0, 1)]


def test_person_who_withdrew_from_the_survey_is_not_asked(hiring_api):
    api = hiring_api
    application = api.apply(
        api.open_job(api.organisation("school", country="GB", equity_survey_enabled=True)),
        consents=[{"purpose": "equity_survey", "text_version": "1"}],
    )
    path = f"/v1/candidates/{application['candidate_id']}/consents"
    consent = api.do("GET", path)[0]
    api.do("POST", f"{path}/{consent['id']}/withdraw")
    assert api.send("POST", "/v1/equity/invitations", api.platform, {"application_id": application["id"]}).status_code == 409
    assert api.rows("select count(*) from equity.invitations") == [(0,)]


def test_survey_cannot_be_switched_on_where_its_law_was_not_checked(hiring_api):
    api = hiring_api
    body = {"name": "Forbidden", "kind": "school", "country": "DE", "equity_survey_enabled": True}
    refused = api.send("POST", "/v1/organisations", api.platform, body)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/survey-not-lawful")
    school = api.organisation("school", country="DE")
    change = {"equity_survey_enabled": True}
    assert api.send("PATCH", f"/v1/organisations/{school}", api.platform, change, If_Match='"1"').status_code == 422
    assert api.rows("select bool_or(equity_survey_enabled) from identity.organisations") == [(False,)]


def test_a_flag_written_past_the_api_opens_no_survey_where_law_forbids_it(invited):
    api, _, token = invited
    forbidden = api.organisation("school", country="AE")
    application = api.apply(api.open_job(forbidden))
    with api.engine.begin() as connection:
        connection.exec_driver_sql("update identity.organisations set equity_survey_enabled = true")
        connection.exec_driver_sql("update identity.organisations set country = 'FR' where country = 'GB'")
    asked = api.send("POST", "/v1/equity/invitations", api.platform, {"application_id": application["id"]})
    assert (asked.status_code, asked.json()["type"]) == (409, "/problems/survey-not-offered")
    assert api.send("POST", "/v1/equity/responses", json={"token": token, **ANSWERS}).status_code == 409
    assert api.rows("select count(*) from equity.responses") == [(0,)]
