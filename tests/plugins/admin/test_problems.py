"""Refusals as problem details."""

import json

from tollbridge import Call, Denied, Unavailable
from tollbridge.testing.samples import NOON
from tollbridge_admin.problems import FieldProblem, FieldsRefused, refused, write_problem

CALL = Call("req_1", NOON, 0.0, "http", "GET", "/", [])


def test_problem_about_fields_names_each() -> None:
    kind, body = write_problem(CALL, FieldsRefused((FieldProblem("a.b", "no"), FieldProblem("c", "never"))))

    assert kind == b"application/problem+json"
    problem = json.loads(body)
    assert problem["errors"] == [{"field": "a.b", "detail": "no"}, {"field": "c", "detail": "never"}]
    assert (problem["status"], problem["detail"], next(iter(problem))) == (422, "a.b: no", "type")
    assert json.loads(write_problem(CALL, refused("", "all of it"))[1])["detail"] == "all of it"


def test_what_the_core_quoted_from_a_field_is_cleaned() -> None:
    secret = "tb_" + "a1B2" * 9 + "xy"

    _, body = write_problem(CALL, Denied(f"the scope {secret!r} reaches beyond", param="scopes"))

    assert secret not in body.decode()
    assert "reaches beyond" in body.decode()


def test_status_that_nobody_registered_is_a_problem_as_any_other_is() -> None:
    _, body = write_problem(CALL, Unavailable("Overloaded", status=529))

    assert (json.loads(body)["status"], json.loads(body)["title"]) == (529, "Server Error")
