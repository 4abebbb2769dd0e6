"""Settings on their page: what is in force, and no secret."""

import re
from collections.abc import Callable

import pytest
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest
from tollbridge_dashboard.settings import bytes_of, written


async def test_settings_say_what_holds_and_where_it_comes_from(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = await Visitor(mock(limits={"requests_per_minute": 77})).sign_in()

    page = (await visit.get("/settings")).text
    changed = (await visit.get("/settings?only=changed")).text
    found = (await visit.get("/settings?q=REQUESTS_PER_minute")).text

    assert "<code>[limits]</code>" in page
    assert "<code>77</code>" in page
    assert "sqlite" in page
    assert "<code>77</code>" in changed
    assert "concurrency" not in changed
    assert "requests_per_minute" in found
    assert "<code>[server]</code>" not in found
    assert "No option is called so" in (await visit.get("/settings?q=zzz")).text


async def test_times_on_all_pages_are_of_the_zone_that_settings_name(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = await Visitor(mock(pages={"time_zone": "Asia/Kathmandu"})).sign_in()
    token = (await visit.under.gateway.tokens.issue(name="first")).token

    settings = (await visit.get("/settings")).text
    audit = (await visit.get("/audit")).text
    one = (await visit.get(f"/tokens/{token.id}")).text

    assert "Asia/Kathmandu <small>5 Jan 2026, 17:45 UTC+05:45</small>" in settings
    assert "US dollars" in settings
    for page in (settings, audit, one):
        assert 'title="5 Jan 2026, 17:45 UTC+05:45"' in page


async def test_no_secret_is_shown(visit: Visitor) -> None:
    page = (await visit.get("/settings")).text

    assert "sk-upstream-secret" not in page
    assert "env:MOCK_KEY" in page


async def test_whoever_is_of_a_team_sees_none(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", blue="team-admin"))

    assert (await visit.get("/settings")).status_code == 403


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (24 * 1024**3, "24.0 GiB"), (5000 * 1024**4, "5000.0 TiB")],
)
def test_bytes_are_written_in_the_largest_unit_that_they_fill(size: int, said: str) -> None:
    assert bytes_of(size) == said


def test_values_are_written_as_in_the_file() -> None:
    assert [written(value) for value in ("é", True, 3, ["a"])] == ['"é"', "true", "3", '["a"]']
    assert bytes_of(None) == "not known"
    assert re.fullmatch("null", written(None))
