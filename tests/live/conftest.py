"""A scripted upstream beside the gateways of these tests."""

from collections.abc import Iterator

import pytest

from tollbridge.testing.upstream import ScriptedUpstream


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream.in_thread() as upstream:
        yield upstream
