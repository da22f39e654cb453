"""Every route × every role, with real requests: let in or turned away exactly as ``hiring/role_matrix.csv`` says."""

import csv
import re
import uuid

from fastapi.routing import iter_route_contexts

from foundation.access import Role
from hiring.permissions import PLATFORM_ROLES
from hiring.role_matrix import FILE, PUBLIC

with FILE.open(newline="") as lines:
    EVERY = list(csv.DictReader(lines))
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
    served = {f"{method} {context.path}" for context in iter_route_contexts(api.app.routes) for method in context.methods or ()}
    matrix = [row for row in EVERY if row["route"] in served]  # the file has the assessments service's routes too
    school, agency = api.organisation("school"), api.organisation("agency")
    wrong, walked = [], 0
    for role in Role:
        place = None if role in PLATFORM_ROLES else agency if role is Role.AGENCY_USER else school
        token = api.person(role.value, place)
        other = api.sign_in(api.rows("select email from identity.users where display_name = %s", role.value)[0][0])["token"]
        for row in sorted(matrix, key=lambda row: ENDING.index(row["route"]) + 1 if row["route"] in ENDING else 0):
            is_let_in = not is_denied(row, visit(api, row, other if row["route"] == ENDING[0] else token))
            walked += 1
            if is_let_in != (row[role.value] == "yes"):
                wrong.append((row["route"], role.value))
    assert wrong == []
    assert walked == len(matrix) * len(Role) > 900
    let_in = {row["route"] for row in matrix if visit(api, row, None).status_code != 401}
    assert let_in == {row["route"] for row in matrix if row["permission"] == PUBLIC}, "without a credential"
