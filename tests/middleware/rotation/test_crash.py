"""A worker that is killed at any step of a rotation leaves nobody without a secret that opens."""

from pathlib import Path

import pytest
from tests.support.crashing import Bridge, check_every_step


@pytest.mark.untraced
@pytest.mark.parametrize("kind", ["file", "webhook"])
async def test_worker_killed_at_any_step_leaves_a_secret_that_opens_and_another_goes_on(
    tmp_path: Path, kind: str
) -> None:
    async with Bridge(tmp_path, f"sqlite:///{tmp_path / 't.db'}") as bridge:
        steps = await check_every_step(bridge, kind)

    assert steps > 10
