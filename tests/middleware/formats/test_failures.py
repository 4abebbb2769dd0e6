"""A provider's refusal keeps its class."""

import pytest

from tollbridge.formats.failures import failure


@pytest.mark.parametrize("status", [400, 403, 404, 408, 409, 413, 418, 422, 429, 500, 502, 503, 504, 529])
def test_status_message_code_and_param_stay(status: int) -> None:
    error = failure(status, " no room ", code="full", param="messages")

    assert (error.status, error.message, error.code, error.param) == (status, "no room", "full", "messages")


@pytest.mark.parametrize(("status", "code"), [(401, "upstream_credential"), (402, "upstream_billing")])
def test_what_is_between_us_and_the_provider_is_not_told(status: int, code: str) -> None:
    error = failure(status, "Incorrect API key provided: sk-12345")

    assert (error.status, error.code) == (502, code)
    assert "sk-" not in error.message


def test_error_without_words_says_its_status() -> None:
    assert failure(503, " ").message == "the provider answered 503"


@pytest.mark.parametrize("status", [0, 204, 301, 600])
def test_status_that_is_no_error_is_no_answer_either(status: int) -> None:
    assert failure(status, "moved").status == 502


def test_long_message_is_cut() -> None:
    assert len(failure(400, "x" * 10_000).message) == 4_000
