"""Applications are made, changed and given away by who may, and their tokens do what both may."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.middleware.applications.conftest import Calling

from tollbridge.applications.model import Application, ApplicationChange
from tollbridge.applications.service import Applications
from tollbridge.errors import BadRequest, Denied, GatewayError, NotFound
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.sqlapplications import grant_scopes
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.samples import ACT, sample_key
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import TokenBudget, TokenKind, TokenLimits, TokenState
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.service import TokenService

PROBES = ("ai:chat", "ai:embeddings", "model:x", "service:shop:get", "admin:tokens:read")


async def subscribe(calling: Calling, application: Application, *scopes: str) -> None:
    """Let an application do something, as its subscriptions do."""
    sql = await calling.bridge.store._sql()
    async with sql.applications._turns.take() as writing:
        assert await grant_scopes(writing, application.id, scopes, ACT) is not None


async def test_application_begins_with_nothing_that_it_may_call(calling: Calling) -> None:
    made = await calling.applications.add(
        " Shop ",
        team="blue",
        owner=" ada ",
        description=" x ",
        limits=TokenLimits(7),
        budget=TokenBudget(9),
        conditions=Conditions(("10.0.0.0/8",)),
        tags=["t"],
        metadata={"m": "1"},
    )

    assert (made.name, made.team, made.owner, made.description) == ("Shop", "blue", "ada", "x")
    assert (made.scopes, made.subscribed, made.state) == ((), (), TokenState.ACTIVE)
    assert (made.limits, made.budget, made.conditions) == (TokenLimits(7), TokenBudget(9), Conditions(("10.0.0.0/8",)))
    assert (made.tags, made.metadata) == (("t",), {"m": "1"})
    assert made.id.startswith("app_")
    assert await calling.applications.get(made.id) == made
    assert await calling.applications.list() == [made]
    holder = await calling.bridge.store.get_token(made.id)
    assert holder is not None
    assert (holder.kind, holder.team, holder.secrets, holder.owner) == (TokenKind.APPLICATION, "blue", (), "")
    assert [scope in (await calling.shown(made)).scopes for scope in PROBES] == [False] * 5


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"name": " "}, "name"),
        ({"team": "green"}, "team"),
        ({"owner": "\0"}, "owner"),
        ({"description": "\0"}, "description"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"tags": ["a b"]}, "tags"),
        ({"metadata": {"": "x"}}, "metadata"),
    ],
)
async def test_application_that_cannot_be_is_refused(calling: Calling, wish: dict[str, Any], param: str) -> None:
    before = await calling.bridge.actions()

    with pytest.raises(BadRequest) as caught:
        await calling.applications.add(**{"name": "shop", "team": "blue", **wish})

    assert (caught.value.param, caught.value.status) == (param, 400)
    assert await calling.bridge.actions() == before


async def test_application_is_of_its_makers_team_and_its_makers_unless_something_else_is_said(
    calling: Calling,
) -> None:
    admin = await calling.admin()

    made = await calling.applications.add("Shop", giver=admin)
    named = await calling.applications.add("Bank", team=" blue ", owner="ada", giver=admin)

    assert (made.team, made.owner) == ("blue", admin.owner)
    assert made.owner.startswith("per_")
    assert (named.team, named.owner) == ("blue", "ada")
    assert (await calling.applications.add("Shop")).team == ""


async def test_nobody_makes_or_widens_an_application_beyond_their_own(calling: Calling) -> None:
    applications = calling.applications
    giver = await calling.bridge.somebody("ai:*", "admin:applications:write")
    weak = await applications.add("Weak", scopes=["ai:chat"], giver=giver)
    strong = await applications.add("Strong", scopes=["model:*"])
    open_wide = await applications.add("Subscribed")
    await subscribe(calling, open_wide, "service:shop:*")

    for change in (
        applications.add("other", scopes=["ai:*", "model:x"], giver=giver),
        applications.change(weak.id, ApplicationChange(scopes=("ai:chat", "admin:*")), giver=giver),
        *(
            applications.change(one.id, change, giver=giver)
            for one in (strong, open_wide)
            for change in (
                ApplicationChange(scopes=("ai:chat",)),
                ApplicationChange(budget=None),
                ApplicationChange(limits=TokenLimits()),
                ApplicationChange(conditions=Conditions()),
            )
        ),
        *(applications.enable(one.id, giver=giver) for one in (strong, open_wide)),
        *(applications.transfer(one.id, "red", giver=giver) for one in (strong, open_wide)),
        applications.issue(weak.id, name="t", scopes=["model:*"], giver=giver),
        applications.issue(weak.id, name="t", giver=giver),
    ):
        with pytest.raises(Denied) as caught:
            await change
        assert caught.value.code == "scope_beyond"
    assert await applications.change(weak.id, ApplicationChange(scopes=("ai:*",), budget=None), giver=giver) is not None
    about = ApplicationChange(name="Weaker", description="y", tags=("t",), metadata={})
    assert await applications.change(strong.id, about, giver=giver) is not None
    assert await applications.disable(strong.id, giver=giver) is not None
    assert await applications.end(strong.id, giver=giver) is not None
    assert await applications.transfer(weak.id, "red", giver=giver) is not None
    assert await applications.issue(weak.id, name="t", scopes=["ai:*"], giver=giver) is not None


async def test_bounds_of_a_team_do_not_keep_its_administrator_from_what_the_team_bounds_anyway(
    calling: Calling,
) -> None:
    await calling.bridge.people.teams.add("poor", scopes=["ai:chat", "admin:applications:write"])
    admin = await calling.admin("poor")

    made = await calling.applications.add("Shop", scopes=["ai:*", "service:*"], giver=admin)
    issued = await calling.applications.issue(made.id, name="t", giver=admin)

    assert issued is not None
    shown = await calling.bridge.shown(issued.secret)
    assert [scope in shown.scopes for scope in PROBES] == [True, False, False, False, False]
    assert await calling.applications.disable(made.id, giver=admin) is not None
    assert await calling.applications.enable(made.id, giver=admin) is not None
    with pytest.raises(Denied):
        await calling.applications.add("Bank", scopes=["admin:*"], giver=admin)


async def test_who_has_a_team_sees_and_touches_the_applications_of_that_alone(calling: Calling) -> None:
    applications = calling.applications
    blue, theirs = await calling.admin(), await applications.add("Theirs", team="red")
    ours = await applications.add("Ours", team="blue")
    everybodys = await applications.add("Operator's")
    before = await calling.bridge.actions()

    for one in (theirs, everybodys):
        assert await applications.get(one.id, giver=blue) is None
        assert await applications.issue(one.id, name="t", giver=blue) is None
        for act in (
            applications.change(one.id, ApplicationChange(name="Stolen"), giver=blue),
            applications.disable(one.id, giver=blue),
            applications.enable(one.id, giver=blue),
            applications.end(one.id, giver=blue),
        ):
            with pytest.raises(NotFound):
                await act
        with pytest.raises(Denied) as caught:
            await applications.transfer(one.id, "blue", giver=blue)
        assert caught.value.code == "out_of_reach"
    for act in (applications.add("x", team="red", giver=blue), applications.transfer(ours.id, "red", giver=blue)):
        with pytest.raises(Denied) as caught:
            await act
        assert caught.value.code == "out_of_reach"
    assert await calling.bridge.actions() == before
    assert await applications.get(ours.id, giver=blue) == ours
    assert await applications.get(theirs.id, giver=await calling.bridge.somebody("ai:*")) == theirs
    assert [one.id for one in await applications.list(team="red")] == [theirs.id]


async def test_token_of_an_application_changes_nothing_of_it_and_makes_none_beside_itself(calling: Calling) -> None:
    applications = calling.applications
    made = await applications.add("Shop", team="blue", scopes=["admin:*", "ai:*"])
    itself = await calling.shown(made, scopes=["admin:*", "ai:*"])
    before = await calling.bridge.actions()

    for act in (
        applications.change(made.id, ApplicationChange(name="x"), giver=itself),
        applications.disable(made.id, giver=itself),
        applications.enable(made.id, giver=itself),
        applications.end(made.id, giver=itself),
        applications.issue(made.id, name="t", scopes=["ai:chat"], giver=itself),
    ):
        with pytest.raises(Denied) as caught:
            await act
        assert caught.value.code == "out_of_reach"
    assert await calling.bridge.actions() == before
    assert await applications.get(made.id, giver=itself) == made


async def test_person_is_named_as_an_owner_by_that_person_alone(calling: Calling) -> None:
    applications = calling.applications
    admin, other = await calling.admin(), await calling.admin()
    made = await applications.add("Shop", giver=admin)

    for act in (
        applications.add("Bank", owner=admin.owner, giver=other),
        applications.change(made.id, ApplicationChange(owner="per_0"), giver=admin),
        applications.issue(made.id, name="t", owner=admin.owner, giver=other),
    ):
        with pytest.raises(Denied) as caught:
            await act
        assert (caught.value.code, caught.value.param) == ("out_of_reach", "owner")
    kept = await applications.change(made.id, ApplicationChange(owner=admin.owner, name="Shops"), giver=other)
    assert kept is not None
    assert kept.owner == admin.owner
    taken = await applications.change(made.id, ApplicationChange(owner=other.owner), giver=other)
    assert taken is not None
    assert taken.owner == other.owner
    for giver, owner in ((other, other.owner), (other, "ada"), (None, admin.owner)):
        issued = await applications.issue(made.id, name="t", owner=owner, giver=giver)
        assert issued is not None
        assert issued.token.owner == owner
    nobodys = await applications.issue(made.id, name="t", giver=other)
    assert nobodys is not None
    assert nobodys.token.owner == ""


async def test_token_may_what_it_and_its_application_may_and_what_is_subscribed_later_too(calling: Calling) -> None:
    made = await calling.applications.add("Shop", team="blue", scopes=["ai:chat"])
    shown = await calling.shown(made)
    issued = await calling.applications.issue(
        made.id, name="narrow", scopes=["service:other:*"], expires_at=calling.bridge.clock.now() + timedelta(days=1)
    )
    assert issued is not None
    assert (issued.token.parent, issued.token.team, issued.token.kind) == (made.id, "blue", TokenKind.BEARER)
    assert [scope in shown.scopes for scope in PROBES] == [True, False, False, False, False]

    await subscribe(calling, made, "service:shop:*", "model:x")

    principal = await calling.bridge.store.find_holder(shown.id)
    assert principal is not None
    assert [scope in principal.scopes for scope in PROBES] == [True, False, True, True, False]
    assert [scope in (await calling.bridge.shown(issued.secret)).scopes for scope in PROBES] == [False] * 5


async def test_token_of_an_application_outlives_whoever_made_it(calling: Calling) -> None:
    admin = await calling.admin()
    made = await calling.applications.add("Shop", scopes=["ai:*"], giver=admin)
    issued = await calling.applications.issue(made.id, name="t", giver=admin)
    assert issued is not None

    await calling.bridge.people.remove_person(admin.owner)

    assert "ai:chat" in (await calling.bridge.shown(issued.secret)).scopes


async def test_application_is_off_and_on_and_ends_with_its_tokens(calling: Calling) -> None:
    applications = calling.applications
    made = await applications.add("Shop", scopes=["ai:*"])
    shown = await calling.shown(made)

    off = await applications.disable(made.id)
    assert off is not None
    assert off.state is TokenState.DISABLED
    assert await calling.bridge.store.find_holder(shown.id) is None
    for giver in (None, await calling.bridge.somebody("ai:*", "model:*", "service:*")):
        with pytest.raises(BadRequest, match="is off, or has ended") as caught:
            await applications.issue(made.id, name="t", giver=giver)
        assert caught.value.status == 409
    on = await applications.enable(made.id)
    assert on is not None
    assert on.state is TokenState.ACTIVE
    assert await calling.bridge.store.find_holder(shown.id) is not None
    ended = await applications.end(made.id)
    assert ended is not None
    assert ended.state is TokenState.REVOKED
    assert await calling.bridge.store.find_holder(shown.id) is None


async def test_application_that_is_not_there_is_not_changed(calling: Calling) -> None:
    applications, before = calling.applications, await calling.bridge.actions()

    assert await applications.get("app_0") is None
    assert await applications.change("app_0", ApplicationChange(name="x")) is None
    assert await applications.disable("app_0") is None
    assert await applications.enable("app_0") is None
    assert await applications.end("app_0") is None
    assert await applications.transfer("app_0", "red") is None
    assert await applications.issue("app_0", name="t") is None
    assert await calling.bridge.actions() == before


async def test_who_looks_at_an_application_keeps_it_as_it_was_by_raising(calling: Calling) -> None:
    made, before = await calling.applications.add("Shop", team="blue"), await calling.bridge.actions()
    admin = await calling.bridge.somebody("ai:*")

    def refuse(seen: Application) -> None:
        assert seen == made
        raise BadRequest("no")

    for act in (
        calling.applications.disable(made.id, look=refuse),
        calling.applications.enable(made.id, look=refuse, giver=admin),
        calling.applications.end(made.id, look=refuse),
        calling.applications.transfer(made.id, "red", look=refuse),
    ):
        with pytest.raises(BadRequest, match="no"):
            await act
    assert (await calling.applications.get(made.id), len(await calling.bridge.actions())) == (made, len(before) + 1)


async def test_transfer_to_a_team_bounds_an_application_by_that(calling: Calling) -> None:
    await calling.bridge.people.teams.add("poor", scopes=["ai:chat"])
    made = await calling.applications.add("Shop", team="blue", scopes=["ai:*"])
    shown = await calling.shown(made)

    moved = await calling.applications.transfer(made.id, " poor ")

    assert moved is not None
    assert moved.team == "poor"
    principal = await calling.bridge.store.find_holder(shown.id)
    assert principal is not None
    assert (principal.team, "ai:chat" in principal.scopes, "ai:embeddings" in principal.scopes) == ("poor", True, False)


class Meanwhile(list[str]):
    """Words of a wish: when they are read, somebody else gives an application away, by a store of their own."""

    def __init__(self, words: Iterable[str], path: Path, application: str) -> None:
        super().__init__(words)
        self._path, self._application = path, application

    def __iter__(self) -> Iterator[str]:
        elsewhere = Thread(target=lambda: asyncio.run(give_away(self._path, self._application)))
        elsewhere.start()
        elsewhere.join()
        return super().__iter__()


async def give_away(path: Path, application: str) -> None:
    store = SqliteStore(path, FixedClock())
    await store.open()
    try:
        tokens = TokenService(store, store, OnePepper(b"p" * 32), FixedClock(), audit_key=sample_key)
        moved = await Applications(store, tokens, FixedClock()).transfer(application, "red")
        assert moved is not None
        assert moved.team == "red"
    finally:
        await store.close()


@pytest.mark.parametrize("read_late", ["scopes", "tags"])
async def test_token_asked_for_while_its_application_goes_to_another_team_is_not_made(
    calling: Calling, read_late: str, tmp_path: Path
) -> None:
    """Of a wish, `scopes` are read before the holder of the application is, `tags` after that."""
    made, admin = await calling.applications.add("Shop", team="blue"), await calling.admin()
    words = {"scopes": ["ai:chat"], "tags": ["a"]}
    words[read_late] = Meanwhile(words[read_late], tmp_path / "t.db", made.id)

    with pytest.raises(GatewayError) as caught:
        await calling.applications.issue(made.id, name="t", giver=admin, scopes=words["scopes"], tags=words["tags"])

    assert (caught.value.status, caught.value.code) == (409, "conflict")
    assert await calling.bridge.store.list_tokens(parent=made.id) == []
    (shop,) = await calling.applications.list()
    assert shop.team == "red"


async def test_holder_of_an_application_is_changed_as_an_application_alone(calling: Calling) -> None:
    made = await calling.applications.add("Shop", scopes=["ai:*"])

    with pytest.raises(BadRequest, match=f"PATCH /applications/{made.id}") as caught:
        await calling.bridge.tokens.change(made.id, TokenChange(scopes=("admin:*",)))

    assert (caught.value.status, caught.value.code) == (409, "an_application")
    with pytest.raises(BadRequest, match="has no secret"):
        await calling.bridge.tokens.rotate(made.id)
