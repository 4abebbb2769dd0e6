"""Whether somebody may have a service."""

import pytest

from tollbridge.errors import Denied
from tollbridge.services.admitting import terms_of
from tollbridge.services.model import Access, Service
from tollbridge.services.subscribing import Subscribed
from tollbridge.testing import NOON
from tollbridge.tokens.model import Above, Principal, TokenKind
from tollbridge.tokens.scopes import ScopeSet

S, GOLD = Access.SUBSCRIPTION, Subscribed("sub_1")


def service(team: str = "blue") -> Service:
    return Service(
        id="svc_1", slug="weather", kind="rest", team=team, name="W", revision=1, created_at=NOON, changed_at=NOON
    )


def caller(id: str = "tok_1", *, above: str = "", team: str = "", kind: TokenKind = TokenKind.BEARER) -> Principal:
    over = (Above(above),) if above else ()
    return Principal(id=id, name="x", scopes=ScopeSet(("service:*",)), team=team, kind=kind, above=over)


class Known:
    """The application `app_1` has a subscription, and so has whoever calls themselves `app_9`."""

    async def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        return GOLD if (application, service_id) in (("app_1", "svc_1"), ("app_9", "svc_1")) else None


@pytest.mark.parametrize("who", [caller("app_1", kind=TokenKind.APPLICATION), caller(above="app_1", team="red")])
async def test_application_that_subscribed_and_its_tokens_have_it_under_its_terms(who: Principal) -> None:
    assert await terms_of(Known(), who, service(), S) == GOLD


async def test_team_that_owns_a_service_and_callers_of_an_open_one_need_no_subscription() -> None:
    assert await terms_of(Known(), caller(team="blue"), service(), S) is None
    assert await terms_of(None, caller(), service(), Access.SCOPE) is None


@pytest.mark.parametrize(
    ("who", "of", "said"),
    [
        (caller(above="app_2"), service(), "its application has no subscription"),
        (caller(), service(), "it belongs to no application with a subscription"),
        (caller("app_9"), service(), "it belongs to no application with a subscription"),
        (caller(team=""), service(team=""), "it belongs to no application with a subscription"),
    ],
)
async def test_everybody_else_is_refused_and_told_what_they_lack(who: Principal, of: Service, said: str) -> None:
    with pytest.raises(Denied, match=said) as caught:
        await terms_of(Known(), who, of, S)
    assert caught.value.code == "not_subscribed"


async def test_where_nobody_knows_who_subscribed_nobody_did() -> None:
    with pytest.raises(Denied):
        await terms_of(None, caller(above="app_1"), service(), S)
