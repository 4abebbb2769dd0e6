from tollbridge import RateLimited, Unavailable
from tollbridge_prompts.problems import problem_of
from tollbridge_prompts.refusals import FieldError, InputRefused


def test_problem_has_what_rfc_9457_wants() -> None:
    assert problem_of(RateLimited("slow down")) == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "slow down",
        "code": "rate_limit_exceeded",
    }


def test_each_field_that_is_wrong_is_named() -> None:
    problem = problem_of(InputRefused([FieldError("/a", "first"), FieldError("/b", "second")]))

    assert problem["status"] == 422
    assert problem["detail"] == "/a: first"
    assert problem["errors"] == [{"field": "/a", "detail": "first"}, {"field": "/b", "detail": "second"}]


def test_status_that_nobody_registered_is_a_problem_as_any_other_is() -> None:
    problem = problem_of(Unavailable("Overloaded", status=529))

    assert (problem["status"], problem["title"]) == (529, "Server Error")
