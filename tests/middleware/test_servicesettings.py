"""What `[services]` may say."""

from typing import Any

import pytest

from tollbridge.config import parse_config
from tollbridge.errors import ConfigError
from tollbridge.servicesettings import REVIEWS, ServicesConfig


@pytest.mark.parametrize("review", REVIEWS)
def test_review_is_one_of_three(review: str) -> None:
    assert ServicesConfig(review=review).review == review


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"review": "two"}, "review 'two' must be one of none, required, four_eyes"),
        ({"prove": "never"}, "prove 'never' must be one of required, optional"),
        ({"watch_s": -0.1}, "watch_s is at least 0"),
        ({"watch_calls": 0}, "watch_calls at least 1"),
        ({"burn_calls": 0}, "burn_calls must be at least 1"),
        ({"watch_failed": -0.1}, "watch_failed between 0 and 1"),
        ({"watch_failed": 1.1}, "watch_failed between 0 and 1"),
        ({"mcp_origins": ["app.example.com"]}, "mcp_origins: 'app.example.com' must be as a browser says it"),
        ({"mcp_origins": ["https://app.example.com/"]}, "must be as a browser says it"),
        ({"mcp_origins": ["*"]}, "must be as a browser says it"),
    ],
)
def test_what_cannot_be_meant_stops_the_start(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        parse_config({"services": options})


@pytest.mark.parametrize(
    "options",
    [
        {"prove": "optional"},
        {"watch_s": 0.0},
        {"watch_calls": 1},
        {"burn_calls": 1},
        {"watch_failed": 0.0},
        {"watch_failed": 1.0},
    ],
)
def test_ends_of_what_can_be_meant_are_taken(options: dict[str, Any]) -> None:
    assert parse_config({"services": options}).services == ServicesConfig(**options)


def test_pages_are_named_as_browsers_say_them() -> None:
    origins = ["http://localhost:6274", "https://app.example.com", "http://[::1]:1", "https://a"]

    assert parse_config({"services": {"mcp_origins": origins}}).services.mcp_origins == tuple(origins)
