"""No secret of others gets into a service: over the API a definition names stored ones, a team's those of the team."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.answering import Answering

from tollbridge.administering import references_of
from tollbridge.services.model import Design, ServiceChange
from tollbridge.testing import GatewayUnderTest


class Keyed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What has a secret."""

    key: str = ""


class Keeping(Answering):
    """A kind with one."""

    name = "keeping"
    definition = Keyed  # type: ignore[assignment]

    def check(self, definition: Any) -> Sequence[Any]:
        return []

    def models(self, definition: Any) -> Sequence[str]:
        return ()

    def secrets(self, definition: Any) -> Sequence[str]:
        return (definition.key,) if definition.key else ()


@pytest.fixture
async def keeper(gateway: Callable[..., GatewayUnderTest]) -> Admin:
    return await an_admin(gateway({}, plugins=(Keeping(),)))


async def written(admin: Admin, definition: Any, slug: str = "weather") -> tuple[int, str]:
    """Begin a service with this definition, then another that is given it later; both are answered alike."""
    wish = {"slug": slug, "kind": "keeping"}
    begun = await admin.post("/services", {**wish, "draft": {"definition": definition}})
    if begun.status_code != 201:
        assert (await admin.post("/services", wish)).status_code == 201
    later = await admin.patch(f"/services/{slug}", {"draft": {"definition": definition}})
    assert later.status_code == {201: 200}.get(begun.status_code, begun.status_code)
    if later.status_code != 200:
        assert later.json() == begun.json()
        assert later.json()["errors"][0]["field"] == "draft.definition"
    return later.status_code, later.json().get("detail", "")


@pytest.mark.parametrize(
    "key", ["env:OPENAI_API_KEY", "file:/etc/shadow", "stored:", "stored:a b", "stored:-a", "quartz"]
)
async def test_what_is_not_stored_is_refused_to_who_has_a_token(keeper: Admin, key: str) -> None:
    status, detail = await written(keeper, {"key": key})

    assert status == 422
    assert detail.endswith("over the API that is stored:NAME")
    assert key not in detail.removesuffix("stored:NAME")


@pytest.mark.parametrize("definition", [{}, {"key": ""}, {"key": "stored:weather"}, {"key": "stored:blue.weather"}])
async def test_what_is_stored_is_taken_of_who_has_no_team(keeper: Admin, definition: Any) -> None:
    assert (await written(keeper, definition))[0] == 200


async def test_team_names_what_is_stored_for_it(keeper: Admin) -> None:
    red = await keeper.other(team="red")

    assert (await written(red, {"key": "stored:red.weather"}, "own"))[0] == 200
    for number, key in enumerate(("stored:openai", "stored:blue.weather", "stored:redder", "stored:red")):
        status, detail = await written(red, {"key": key}, f"other{number}")
        assert status == 422
        assert detail.endswith("those of your team are stored:red.NAME")


async def test_team_goes_on_with_what_its_service_was_given(keeper: Admin) -> None:
    red = await keeper.other(team="red")
    await keeper.post("/services", {"slug": "weather", "kind": "keeping", "team": "red"})
    await keeper.patch("/services/weather", {"draft": {"definition": {"key": "stored:shared"}}})

    assert (
        await red.patch("/services/weather", {"draft": {"definition": {"key": "stored:shared"}}})
    ).status_code == 200
    assert (await red.patch("/services/weather", {"draft": {"definition": {}}})).status_code == 200
    again = await red.patch("/services/weather", {"draft": {"definition": {"key": "stored:shared"}}})
    assert again.status_code == 422


@pytest.mark.parametrize(
    ("definition", "at"),
    [
        (
            {"upstreams": {"main": {"headers": {"Authorization": "Bearer quartz"}}}},
            "upstreams/main/headers/Authorization",
        ),
        ({"upstreams": {"main": {"auth": {"key": "quartz"}}}}, "upstreams/main/auth/key"),
        ({"oauth": {"client_secret": "quartz"}}, "oauth/client_secret"),
    ],
)
async def test_secret_itself_is_in_no_draft(keeper: Admin, definition: Any, at: str) -> None:
    status, detail = await written(keeper, definition)

    assert status == 422
    assert detail.endswith(f"a secret does not belong in it, at {at}; store it, and write stored:NAME there")
    assert "quartz" not in detail
    assert (await keeper.get("/services/weather/draft")).json()["draft"]["definition"] == {}


async def test_definition_that_cannot_be_read_yet_hides_none(keeper: Admin) -> None:
    red = await keeper.other(team="red")
    unread = {"later": [{"deep": "Bearer env:OPENAI_API_KEY"}]}

    assert (await written(keeper, unread, "one"))[0] == 422
    assert (await written(red, {"later": {"deep": "stored:openai"}}, "two"))[0] == 422
    assert (await written(red, {"later": ["a text about env: and file:", 5, None], "n": {"m": True}}, "three"))[
        0
    ] == 200


async def test_operators_service_with_a_variable_keeps_it_and_is_changed_elsewhere_alone(keeper: Admin) -> None:
    await keeper.post("/services", {"slug": "weather", "kind": "keeping"})
    service = await (await keeper.under.gateway.store.services()).get_service("weather")
    assert service is not None
    await keeper.under.gateway.services.change(service.id, ServiceChange(draft=Design(definition={"key": "env:A"})))

    assert (await keeper.patch("/services/weather", {"draft": {"name": "Rain"}})).status_code == 200
    refused = await keeper.patch("/services/weather", {"draft": {"definition": {"key": "env:A"}}})
    assert refused.status_code == 422


def test_references_are_those_of_the_kind_where_it_can_read_the_definition() -> None:
    assert references_of(Keeping(), {"key": "env:A"}) == {"env:A"}
    assert references_of(None, {"a": ["x stored:b", "file:/c d"], "e": "prefix:env"}) == {"stored:b", "file:/c"}


async def test_draft_is_warned_of_secrets_that_are_not_there(keeper: Admin) -> None:
    draft = {"name": "Weather", "definition": {"key": "stored:blue.weather"}}
    await keeper.post("/services", {"slug": "weather", "kind": "keeping", "draft": draft})

    before = (await keeper.get("/services/weather/draft")).json()["problems"]
    key = {"provider": "services", "name": "blue.weather", "key": "s3cret-of-the-weather"}
    kept = await keeper.post("/provider-credentials", key)
    after = (await keeper.get("/services/weather/draft")).json()["problems"]

    assert [(one["field"], one["warning"]) for one in before] == [("definition", True)]
    assert "stored:blue.weather is not there yet" in before[0]["message"]
    assert (kept.status_code, kept.json()["in_use"]) == (201, True)
    assert after == []
