"""What waits for somebody is read alike for all who show it: of some teams or the whole bridge, never one's own."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from tollbridge.attention import BRIDGES, DECIDES, JOB_FAILED, KEY_ENDING, waiting
from tollbridge.providerkeys.service import NewKey
from tollbridge.services.lifecycle import Move
from tollbridge.stores.overviews import Queue, Waits
from tollbridge.stores.services import Step
from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.samples import ACT, NOON
from tollbridge.testing.service_contract import begun, made

ME, WEEK, REVIEW = ACT.actor.id, timedelta(days=7), Waits.RELEASE_IN_REVIEW
FOUR_EYES = {"services": {"review": "four_eyes"}}


@pytest.fixture
async def under(gateway: Callable[..., GatewayUnderTest]) -> GatewayUnderTest:
    under = gateway()
    await under.client()
    return under


async def submit(under: GatewayUnderTest) -> None:
    """Have a release of a service of each of three teams wait for a review."""
    for number, team in enumerate(("blue", "red", "green"), start=1):
        services = await begun(under.gateway.store, id=f"svc_{number}", slug=f"s{number}", team=team)
        await made(services, "1", f"svc_{number}")
        await services.move_release(f"svc_{number}", 1, Step(move=Move.SUBMIT), ACT)


async def asked(under: GatewayUnderTest, kind: str, teams: Sequence[str] = ("",), **how: str | int) -> Queue:
    found = await waiting(under.gateway, {kind: teams}, **{"who": ME, "limit": 5, **how})  # type: ignore[arg-type]  # by name
    return found[kind]


async def test_each_kind_has_a_scope_and_nothing_waits_where_there_is_nothing(under: GatewayUnderTest) -> None:
    assert set(DECIDES) == {*Waits, *BRIDGES}
    assert [(await asked(under, kind)).total for kind in DECIDES] == [0] * len(DECIDES)


async def test_who_is_of_several_teams_sees_those_of_each_and_counts_all(under: GatewayUnderTest) -> None:
    await submit(under)

    both = await asked(under, REVIEW, ("red", "blue"))
    first = await asked(under, REVIEW, ("red", "blue"), limit=1)

    assert (both.total, [one.service for one in both.oldest]) == (2, ["s1", "s2"])
    assert (first.total, [one.service for one in first.oldest]) == (2, ["s1"])
    assert (await asked(under, REVIEW, ("red", ""))).total == 3
    assert await asked(under, REVIEW, ()) == Queue(0, [])


async def test_what_one_submitted_waits_for_others_where_four_eyes_are_needed(
    gateway: Callable[..., GatewayUnderTest],
) -> None:
    strict = gateway(FOUR_EYES)
    await strict.client()
    await submit(strict)

    assert (await asked(strict, REVIEW)).total == 0
    assert (await asked(strict, REVIEW, who="per_other")).total == 3


async def test_keys_and_jobs_wait_for_who_is_of_the_whole_bridge_alone(under: GatewayUnderTest) -> None:
    gateway, end = under.gateway, NOON + timedelta(days=5)
    for provider, expires_at in (("openai", end), ("mistral", end - timedelta(days=1)), ("cohere", None)):
        await gateway.secrets.set(provider, NewKey("sk-" + "x" * 40, expires_at=expires_at))
    await gateway.secrets.set("groq", NewKey("sk-" + "x" * 40, expires_at=NOON + timedelta(days=8)))
    jobs = await gateway.store.jobs()
    await jobs.plan_jobs(["forget_messages", "forget_calls"])
    await jobs.take_job("forget_messages", "run_1", lease_s=60)
    await jobs.end_job("forget_messages", "run_1", failure="RuntimeError", again_s=60)

    keys, failed = await asked(under, KEY_ENDING), await asked(under, JOB_FAILED)

    found = [(one.service, one.since, one.until) for one in keys.oldest]
    assert found == [
        ("mistral", NOON - timedelta(days=3), NOON + timedelta(days=4)),
        ("openai", NOON - timedelta(days=2), end),
    ]
    assert (await asked(under, KEY_ENDING, limit=1)) == Queue(2, keys.oldest[:1])
    assert [(one.name, one.since, one.number) for one in failed.oldest] == [("forget_messages", NOON, 1)]
    for kind in BRIDGES:
        assert await asked(under, kind, ("blue",)) == Queue(0, [])
    under.clock.advance(WEEK.total_seconds())
    assert [one.service for one in (await asked(under, KEY_ENDING)).oldest] == ["groq"]
