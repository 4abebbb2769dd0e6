"""Plugins on their page."""

from collections.abc import Callable

from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest


async def test_plugins_are_shown_with_what_they_brought(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = await Visitor(mock(plugins={"disabled": ["smtp"], "timeout_s": 2.5})).sign_in()

    page = (await visit.get("/plugins")).text
    some = (await visit.get("/plugins?q=ANTHROPIC")).text

    assert "providers: anthropic" in page
    assert "2.5 s" in page
    assert '<span class="pill off">Disabled</span>' in page
    assert "tollbridge_anthropic" in some
    assert "tollbridge_portal" not in some
    assert "No plugin is called so." in (await visit.get("/plugins?q=zzz")).text


async def test_whoever_is_of_a_team_sees_none(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", blue="team-admin"))

    assert (await visit.get("/plugins")).status_code == 403
