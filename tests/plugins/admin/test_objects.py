"""What every object of the API has: a list by pages that can be searched, an entity tag, keys for what is repeated."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin
from tests.plugins.admin.walking import routes_of

from tollbridge_admin.describing import statuses
from tollbridge_admin.problems import KIND
from tollbridge_admin.providerkeyshapes import NewProviderKeyWish
from tollbridge_admin.repeats import Rendered
from tollbridge_admin.routes import ANYBODY, Nothing, Route
from tollbridge_admin.tokenshapes import Wish

OBJECTS = {
    "tokens": "/tokens",
    "clients": "/clients",
    "people, who are principals": "/people",
    "teams": "/teams",
    "members": "/teams/{name}/members",
    "members of the whole bridge": "/members",
    "roles": "/roles",
    "provider credentials": "/provider-credentials",
    "models": "/models",
    "providers": "/providers",
    "audit": "/audit",
    "webhooks": "/webhooks",
    "applications": "/applications",
    "services": "/services",
    "services with their figures": "/service-figures",
    "subscriptions": "/subscriptions",
}
"""Where each is that there can be many of; `/policies` is one object, which the configuration has."""
SINGLE = "/policies"
SHORT = {
    "/tokens/{id}/credentials": "there are two of a kind at most",
    "/clients/{id}/credentials": "there are two of a kind at most",
    "/jobs": "the program has them",
    "/me/invitations": "they are one's own, and end by themselves",
    "/service-kinds": "the installed plugins offer them",
    "/services/{service}/releases/{number}/evaluations": "only the last twenty are kept",
    "/services/{service}/operations": "a definition has two thousand at most",
    "/plugins": "the installed packages are they",
    "/prompt-starters": "the installed packages bring them",
    "/attention": "it shows what has waited longest, and counts all",
}
"""Lists without pages, and why they do not grow."""
UNSEARCHED = {
    "/webhooks/{id}/deliveries": "they are those of one webhook, the newest first",
    "/people/{id}/sessions": "they are those of one person, and end by themselves",
    "/teams/{name}/invitations": "they are those of one team, the newest first",
    "/services/{service}/releases": "they are those of one service, the newest first",
    "/plans": "they are few, and by their names",
    "/operator/sessions": "they are the operator's, and end by themselves",
}
"""Lists without a filter, and why."""
UNTAGGED = {
    "check_provider_key": "it changes nothing of the key",
    "test_webhook": "it sends a message",
    "redeliver": "it sends a message",
    "end_sessions": "a session does not change",
    "prove_release": "it changes nothing of the release",
    "try_service": "it changes nothing of the service",
    "analyse_service": "it sums up calls, which change all the time",
    "analyse_application": "it sums up calls, which change all the time",
}
"""Routes of one object that show no tag, or hold no `If-Match` against one, and why."""
PAGES = {"limit", "after"}


def lists(routes: Sequence[Route]) -> Mapping[str, Route]:
    """Give the routes that answer with many things."""
    return {one.path: one for one in routes if one.reads and "items" in getattr(one.gives, "__struct_fields__", ())}


def about_one(routes: Sequence[Route]) -> Sequence[Route]:
    """Give the routes that are about one object which was there before."""
    many = lists(routes)
    return [one for one in routes if one.names and one.path not in many]


@pytest.mark.parametrize("kind", OBJECTS)
async def test_what_can_grow_is_listed_by_pages_and_can_be_searched(admin: Admin, kind: str) -> None:
    one = lists(routes_of(admin))[OBJECTS[kind]]
    asked = set(one.takes.__struct_fields__)

    assert asked >= PAGES
    assert asked - PAGES
    assert "next" in one.gives.__struct_fields__
    page = await admin.get(f"{one.path.replace('{name}', 'blue')}?limit=1&after=no-cursor")
    assert page.status_code == (404 if "{name}" in one.path else 422)


async def test_every_list_has_pages_and_a_filter_or_a_reason(admin: Admin) -> None:
    found = {path: set(one.takes.__struct_fields__) for path, one in lists(routes_of(admin)).items()}

    assert {path for path, asked in found.items() if not asked >= PAGES} == set(SHORT)
    assert {path for path, asked in found.items() if asked == PAGES} == set(UNSEARCHED)


async def test_every_single_object_is_shown_with_its_tag_and_changed_against_it(admin: Admin) -> None:
    routes = routes_of(admin)
    single = [*about_one(routes), *(one for one in routes if one.path == SINGLE)]

    assert {one.name for one in single if not one.tagged} == set(UNTAGGED)
    assert len(single) > 50


async def test_every_post_that_does_something_takes_an_idempotency_key(admin: Admin) -> None:
    posts = [one for one in routes_of(admin) if one.method == "POST"]

    assert {one.path for one in posts if not one.repeats} == {
        *("/explain", "/leaked", "/openapi-drafts", "/services/{service}/try", "/providers/try", "/app-drafts")
    }
    assert {one.path: (one.looks, one.scope == ANYBODY) for one in posts if not one.repeats} == {
        "/app-drafts": (True, False),
        "/explain": (True, False),
        "/leaked": (False, True),
        "/openapi-drafts": (True, False),
        "/providers/try": (True, False),
        "/services/{service}/try": (True, False),
    }


async def test_every_status_of_every_route_is_described_as_a_problem(admin: Admin) -> None:
    document: dict[str, Any] = (await admin.get("/openapi.json")).json()

    for one in routes_of(admin):
        described = document["paths"][one.path][one.method.lower()]["responses"]
        assert {int(status) for status in described} == set(statuses(one))
        for status in (status for status in described if int(status) >= 400):
            assert described[status] == {"$ref": f"#/components/responses/{status}"}
            whole = document["components"]["responses"][status]
            assert whole["content"] == {KIND: {"schema": {"$ref": "#/components/schemas/Problem"}}}


async def test_tag_of_the_rules_tells_whether_they_changed(admin: Admin) -> None:
    shown = await admin.get(SINGLE)

    assert (await admin.get(SINGLE, if_none_match=shown.headers["etag"])).status_code == 304
    assert (await admin.get(SINGLE, if_none_match='"another"')).json() == shown.json()


async def test_nothing_that_is_asked_or_answered_shows_what_it_holds(admin: Admin) -> None:
    asked = {one.takes for one in routes_of(admin)} - {Nothing}

    assert [shape for shape in asked if shape.__repr__ is not Wish.__repr__] == []
    assert repr(NewProviderKeyWish(provider="openai", key="sk-quartz-lamp")) == "NewProviderKeyWish()"
    assert repr(Rendered(201, {}, b"tb_quartz")) == "Rendered(201)"
