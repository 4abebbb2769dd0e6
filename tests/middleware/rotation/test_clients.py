"""The secret of an OAuth client changes by itself as any token's does."""

from pathlib import Path

from tests.support.clientlife import check_client_rotation
from tests.support.crashing import Bridge


async def test_client_secret_that_is_due_is_handed_over_and_the_one_before_is_good_in_the_overlap(
    tmp_path: Path,
) -> None:
    async with Bridge(tmp_path, f"sqlite:///{tmp_path / 't.db'}") as bridge:
        await check_client_rotation(bridge)
