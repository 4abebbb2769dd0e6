import json

from tollbridge.call import Call
from tollbridge.errors import Unavailable
from tollbridge.layers.refusal import write_refusal
from tollbridge.services.entrance import Entered
from tollbridge.testing.samples import NOON


def test_status_that_nobody_registered_is_a_problem_as_any_other_is() -> None:
    call = Call("req_1", NOON, 0.0, "http", "GET", "/", [], entered=Entered())

    kind, body = write_refusal(call, Unavailable("Overloaded", status=529))

    assert kind == b"application/problem+json"
    assert json.loads(body) == {
        "type": "about:blank",
        "title": "Server Error",
        "status": 529,
        "detail": "Overloaded",
        "code": "unavailable",
    }
