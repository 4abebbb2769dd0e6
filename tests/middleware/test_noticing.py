"""People are told in time: in the log, in the audit log, and so by webhooks."""

import json
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from tollbridge.audit import Actor
from tollbridge.noticing import SELF, levels, tell_endings, tell_unused
from tollbridge.redaction import is_secret_name
from tollbridge.testing import GatewayUnderTest

BY = Actor("ada", "code")
DAY_S = 86_400


@pytest.mark.parametrize(
    ("warn_days", "days"), [(0, ()), (1, (1,)), (3, (3, 1)), (5, (5, 3, 1)), (7, (7, 3, 1)), (15, (15, 7, 3, 1))]
)
def test_secret_is_told_of_when_it_is_first_warned_about_and_again_on_the_last_days(
    warn_days: int, days: tuple[int, ...]
) -> None:
    assert levels(warn_days) == days


async def test_secret_that_ends_is_logged_and_told_once_for_each_of_its_days(
    gateway: Callable[..., GatewayUnderTest],
) -> None:
    under = gateway()
    await under.client()
    await under.gateway.webhooks.create(name="h", url="https://h.example.com", events=["token.secret_ending"], by=BY)
    made = await under.gateway.tokens.issue(name="shop", team="blue", by=BY)

    with capture_logs() as lines:
        for _ in range(90 * 4):
            await tell_endings(under.gateway)
            await tell_endings(under.gateway)
            under.clock.advance(DAY_S / 4)
    await under.gateway.jobs.run_due()

    assert [line["days"] for line in lines if line["event"] == "token_secret_ending"] == [15, 7, 3, 1]
    assert {(line["token_id"], line["name"], line["log_level"]) for line in lines} == {
        (made.token.id, "shop", "warning")
    }
    assert not any(is_secret_name(key) for line in lines for key in line)  # or the log would not have its name
    bodies = [json.loads(one.body)["data"] for one in under.sent]
    assert [(body["id"], body["name"], body["team"], body["days"]) for body in bodies] == [
        (made.token.id, "shop", "blue", days) for days in (15, 7, 3, 1)
    ]
    assert {body["by"] for body in bodies} == {SELF.id}


async def test_nobody_is_told_where_the_configuration_says_so(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway({"tokens": {"warn_days": 0, "unused_days": 0}})
    await under.client()
    await under.gateway.tokens.issue(name="shop", by=BY)
    under.clock.advance(89 * DAY_S)

    with capture_logs() as lines:
        await tell_endings(under.gateway)
        await tell_unused(under.gateway)

    assert lines == []
    assert len(await under.gateway.store.follow_audit()) == 1


async def test_token_nobody_uses_is_logged_and_recorded_once(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway({"tokens": {"unused_days": 30}})
    await under.client()
    made = await under.gateway.tokens.issue(name="shop", by=BY)

    with capture_logs() as lines:
        for _ in range(40):
            await tell_unused(under.gateway)
            under.clock.advance(DAY_S)

    assert [(line["event"], line["token_id"], line["days"]) for line in lines] == [("token_unused", made.token.id, 30)]
    last = (await under.gateway.store.follow_audit())[-1]
    assert (last.action, last.target, last.actor) == ("token.unused", made.token.id, SELF)
