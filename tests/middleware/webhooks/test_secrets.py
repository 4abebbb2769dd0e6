"""The secrets of a webhook: sealed, bound to it, and two at most."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest
from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.samples import NOON
from tollbridge.webhooks.secrets import HookSecret, HookSecrets

DAY = timedelta(days=1)


@pytest.fixture
def secrets(gateway: Callable[..., GatewayUnderTest]) -> HookSecrets:
    return HookSecrets(gateway().gateway.box)


async def test_first_secret_signs_until_another_is_made_and_then_both_for_the_overlap(secrets: HookSecrets) -> None:
    first, sealed = secrets.begin("whk_1", NOON)
    second, both = await secrets.rotated("whk_1", sealed, NOON, NOON + DAY)

    assert await secrets.signing("whk_1", sealed, NOON) == [first]
    assert await secrets.signing("whk_1", both, NOON) == [second, first]
    assert await secrets.signing("whk_1", both, NOON + DAY) == [second]
    assert len({first, second}) == 2
    assert min(len(first), len(second)) == 32
    assert first not in sealed


async def test_third_secret_is_refused_until_the_first_has_ended_or_all_end_at_once(secrets: HookSecrets) -> None:
    _, sealed = secrets.begin("whk_1", NOON)
    second, both = await secrets.rotated("whk_1", sealed, NOON, NOON + DAY)

    with pytest.raises(BadRequest) as caught:
        await secrets.rotated("whk_1", both, NOON, NOON + DAY)
    assert (caught.value.status, caught.value.code) == (409, "rotating")
    third, later = await secrets.rotated("whk_1", both, NOON + DAY, NOON + 2 * DAY)
    fourth, alone = await secrets.rotated("whk_1", both, NOON, NOON)

    assert await secrets.signing("whk_1", later, NOON + DAY) == [third, second]
    assert await secrets.signing("whk_1", alone, NOON) == [fourth]


async def test_secret_that_ends_sooner_is_not_made_to_live_longer(secrets: HookSecrets) -> None:
    first, sealed = secrets.begin("whk_1", NOON)
    _, both = await secrets.rotated("whk_1", sealed, NOON, NOON + timedelta(hours=1))

    _, more = await secrets.rotated("whk_1", both, NOON + timedelta(hours=1), NOON + DAY)

    assert first not in await secrets.signing("whk_1", more, NOON + timedelta(hours=1))


async def test_newest_secret_is_taken_back_and_the_only_one_stays(secrets: HookSecrets) -> None:
    first, sealed = secrets.begin("whk_1", NOON)
    later = NOON + timedelta(microseconds=250_001)
    _, both = await secrets.rotated("whk_1", sealed, later, NOON + DAY)

    left = await secrets.without("whk_1", both, later)

    assert left is not None
    assert await secrets.signing("whk_1", left, NOON) == [first]
    assert await secrets.without("whk_1", both, NOON) is None  # somebody made another one since
    assert await secrets.without("whk_1", sealed, NOON) is None


async def test_secrets_of_another_webhook_do_not_open(secrets: HookSecrets) -> None:
    _, sealed = secrets.begin("whk_1", NOON)

    with pytest.raises(ValueError, match="does not open"):
        await secrets.signing("whk_2", sealed, NOON)


def test_secret_is_in_no_text() -> None:
    assert "key" not in repr(HookSecret(b"0123456789" * 4, NOON))
    assert "0123" not in repr(HookSecret(b"0123456789" * 4, NOON))
