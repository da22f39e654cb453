"""API keys: made, followed by a successor while the old one still works, ended; never more than two of a name at a time."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

KEY = {"name": "reader", "scopes": ["jobs:read"], "tenant_ids": "*"}


@pytest.fixture
def api(hiring_api):
    return hiring_api


def works(api, key: dict) -> bool:
    return api.send("GET", "/v1/jobs", key["credential"]).status_code == 200


def state(api, key: dict) -> str:
    listed = {row["id"]: row for row in api.do("GET", "/v1/api-keys?limit=200")["items"]}
    return listed[key["id"]]["state"]


def expire(api, key: dict, days: int) -> None:
    with psycopg.connect(api.urls.owner) as owner:
        owner.execute("update identity.api_keys set expires_at = now() + make_interval(days => %s) where id = %s", [days, key["id"]])


def test_old_and_new_key_work_side_by_side_through_the_grace_period(api):
    old = api.do("POST", "/v1/api-keys", json=KEY)
    reply = api.send("POST", f"/v1/api-keys/{old['id']}/rotate", api.platform, {"grace_hours": 2})
    assert (reply.status_code, reply.headers["cache-control"]) == (201, "no-store")
    new = reply.json()
    assert (new["name"], new["scopes"], new["tenant_ids"], new["state"]) == ("reader", ["jobs:read"], ["*"], "live")
    assert works(api, old)
    assert works(api, new)
    listed = {row["id"]: row for row in api.do("GET", "/v1/api-keys")["items"]}
    assert (listed[old["id"]]["successor_id"], state(api, old), state(api, new)) == (new["id"], "expiring", "live")
    ends_in = api.rows("select extract(epoch from expires_at - now()) / 3600 from identity.api_keys where id = %s", old["id"])[0][0]
    assert 1.9 < ends_in <= 2
    expire(api, old, 0)
    assert not works(api, old)
    assert works(api, new)
    assert (state(api, old), api.send("POST", f"/v1/api-keys/{old['id']}/rotate", api.platform).status_code) == ("expired", 409)
    rows = api.rows("select action, object_id from audit.events where action like 'api_key.%%' order by seq")
    assert [tuple(row) for row in rows] == [("api_key.issue", old["id"]), ("api_key.rotate", old["id"])]


def test_never_three_of_one_name_at_a_time(api):
    first = api.do("POST", "/v1/api-keys", json=KEY)
    second = api.do("POST", f"/v1/api-keys/{first['id']}/rotate")
    for path, body in ((f"/v1/api-keys/{first['id']}/rotate", {}), (f"/v1/api-keys/{second['id']}/rotate", {}), ("/v1/api-keys", KEY)):
        refused = api.send("POST", path, api.platform, body)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/two-keys-live")
    api.do("DELETE", f"/v1/api-keys/{first['id']}")
    assert (works(api, first), state(api, first)) == (False, "revoked")
    third = api.do("POST", f"/v1/api-keys/{second['id']}/rotate", json={"grace_hours": 0})
    assert (works(api, second), works(api, third)) == (False, True)


def test_several_who_rotate_at_once_make_one_successor(api):
    key = api.do("POST", "/v1/api-keys", json=KEY)
    with ThreadPoolExecutor(5) as pool:
        codes = sorted(pool.map(lambda _: api.send("POST", f"/v1/api-keys/{key['id']}/rotate", api.platform).status_code, range(5)))
        made = sorted(pool.map(lambda _: api.send("POST", "/v1/api-keys", api.platform, KEY | {"name": "n"}).status_code, range(5)))
    assert codes == [201] + [409] * 4
    assert made == [201] * 2 + [409] * 3


def test_the_listing_warns_a_month_ahead_and_holds_no_secret(api):
    key = api.do("POST", "/v1/api-keys", json=KEY)
    assert state(api, key) == "live"
    expire(api, key, 29)
    assert state(api, key) == "expiring"
    assert key["credential"].partition(".")[2] not in api.send("GET", "/v1/api-keys", api.platform).text
    assert api.send("POST", "/v1/api-keys/00000000-0000-0000-0000-000000000000/rotate", api.platform).status_code == 404
    administrator_of_one_school = api.person("platform_admin", api.organisation("school"))
    for method, path in (("GET", ""), ("POST", f"/{key['id']}/rotate"), ("DELETE", f"/{key['id']}")):
        assert api.send(method, f"/v1/api-keys{path}", administrator_of_one_school).status_code == 403
