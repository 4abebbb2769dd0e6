"""Whether somebody may have a service."""

import pytest
from msgspec.structs import replace

from tollbridge.errors import Denied
from tollbridge.services.admitting import is_hidden, knows_of, terms_of
from tollbridge.services.model import Access, Design, Service, Visibility
from tollbridge.services.subscribing import Subscribed
from tollbridge.testing import NOON
from tollbridge.tokens.model import Above, Principal, TokenKind
from tollbridge.tokens.scopes import ScopeSet

S, GOLD = Access.SUBSCRIPTION, Subscribed("sub_1")
OVER = Subscribed("sub_2", over=True)


def service(team: str = "blue") -> Service:
    return Service(
        id="svc_1", slug="weather", kind="rest", team=team, name="W", revision=1, created_at=NOON, changed_at=NOON
    )


def caller(id: str = "tok_1", *, above: str = "", team: str = "", kind: TokenKind = TokenKind.BEARER) -> Principal:
    over = (Above(above),) if above else ()
    return Principal(id=id, name="x", scopes=ScopeSet(("service:*",)), team=team, kind=kind, above=over)


class Known:
    """The application `app_1` has a subscription, and so has whoever says to be `app_9`; that of `app_3` is over."""

    async def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        assert service_id == "svc_1"
        return {"app_1": GOLD, "app_9": GOLD, "app_3": OVER}.get(application)


@pytest.mark.parametrize("who", [caller("app_1", kind=TokenKind.APPLICATION), caller(above="app_1", team="red")])
async def test_application_that_subscribed_and_its_tokens_have_it_under_its_terms(who: Principal) -> None:
    assert await terms_of(Known(), who, service(), S) == GOLD


async def test_team_that_owns_a_service_and_callers_of_an_open_one_need_no_subscription() -> None:
    assert await terms_of(Known(), caller(team="blue"), service(), S) is None
    for who in (caller(), caller(above="app_2")):
        assert await terms_of(Known(), who, service(), Access.SCOPE) is None
    assert await terms_of(None, caller(above="app_1"), service(), Access.SCOPE) is None


async def test_subscription_binds_where_the_scope_would_be_enough_and_opens_nothing_when_it_is_over() -> None:
    assert await terms_of(Known(), caller(above="app_1"), service(), Access.SCOPE) == GOLD
    assert await terms_of(Known(), caller(above="app_3", team="blue"), service(), Access.SCOPE) is None

    for access in Access:
        with pytest.raises(Denied, match="its application has no subscription") as caught:
            await terms_of(Known(), caller(above="app_3"), service(), access)
        assert caught.value.code == "not_subscribed"


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


@pytest.mark.parametrize(
    ("who", "hidden"),
    [
        (None, True),
        (caller(), True),
        (caller(team="red"), True),
        (caller(team="blue"), False),
        (replace(caller(), scopes=ScopeSet(("admin:*",))), False),
        (replace(caller(team="red"), scopes=ScopeSet(("admin:*",))), True),
    ],
)
async def test_service_of_its_team_alone_is_hidden_from_all_but_that_and_who_administers_all(
    who: Principal | None, hidden: bool
) -> None:
    of_team = Design(name="W", visibility=Visibility.TEAM)

    assert is_hidden(who, service(), of_team) is hidden
    assert not is_hidden(who, service(), Design(name="W"))
    assert await knows_of(Known(), who, service(), of_team) is not hidden


async def test_whoever_subscribed_to_a_hidden_service_knows_of_it() -> None:
    of_team = Design(name="W", visibility=Visibility.TEAM)

    assert await knows_of(Known(), caller(above="app_1", team="red"), service(), of_team)
    assert not await knows_of(Known(), caller(above="app_2", team="red"), service(), of_team)
    assert not await knows_of(None, caller(above="app_1", team="red"), service(), of_team)


async def test_where_nobody_knows_who_subscribed_nobody_did() -> None:
    with pytest.raises(Denied):
        await terms_of(None, caller(above="app_1"), service(), S)
