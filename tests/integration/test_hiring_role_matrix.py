"""Every route × every role, with real requests: let in or turned away exactly as ``hiring/role_matrix.csv`` says."""

import csv
import re
import uuid

import pytest

from foundation.access import Role
from hiring.permissions import PLATFORM_ROLES
from hiring.role_matrix import FILE, PUBLIC

with FILE.open(newline="") as lines:
    MATRIX = list(csv.DictReader(lines))
ENDING = ["DELETE /v1/sessions/current", "DELETE /v1/sessions"]  # they end the session that walks, and all of them: they come last


def visit(api, row: dict[str, str], credential: str | None):
    method, path = row["route"].split(" ")
    return api.send(method, re.sub(r"\{\w+\}", str(uuid.uuid4()), path), credential, If_Match='"1"')


def is_denied(row: dict[str, str], reply) -> bool:
    """Say whether the route turned a role away; a refusal for another reason comes after the door."""
    assert reply.status_code not in {401, 405, 429}, row["route"]
    return reply.status_code == 403 and reply.json()["detail"] == f"this needs the permission {row['permission']}"


def test_every_route_lets_in_exactly_the_roles_of_the_file(hiring_api):
    api = hiring_api
    school, agency = api.organisation("school"), api.organisation("agency")
    wrong, walked = [], 0
    for role in Role:
        place = None if role in PLATFORM_ROLES else agency if role is Role.AGENCY_USER else school
        tokens = [api.person(role.value, place)]
        email = api.rows("select email from identity.users where display_name = %s", role.value)[0][0]
        tokens += [api.sign_in(email)["token"], api.sign_in(email)["token"]]
        for row in sorted(MATRIX, key=lambda row: ENDING.index(row["route"]) + 1 if row["route"] in ENDING else 0):
            token = tokens[1 + ENDING.index(row["route"])] if row["route"] in ENDING else tokens[0]
            is_let_in = not is_denied(row, visit(api, row, token))
            walked += 1
            if is_let_in != (row[role.value] == "yes"):
                wrong.append((row["route"], role.value))
    assert wrong == []
    assert walked == len(MATRIX) * len(Role) > 900


def test_without_a_credential_only_public_routes_answer(hiring_api):
    let_in = {row["route"] for row in MATRIX if visit(hiring_api, row, None).status_code != 401}
    # the refresh route answers 422 to an empty body, like every public route that needs one
    assert let_in == {row["route"] for row in MATRIX if row["permission"] == PUBLIC}


@pytest.mark.parametrize("role", Role)
def test_a_person_is_turned_away_from_what_only_services_do(role):
    assert not [row["route"] for row in MATRIX if row["permission"] == "credentials:introspect" and row[role.value] == "yes"]
