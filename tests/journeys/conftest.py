"""Somebody with a real browser before a real gateway."""

from collections.abc import Iterator

import pytest
from tests.support.chromium import chromium, missing, open_page, operator
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream

__all__ = ["chromium", "open_page", "operator"]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """A gateway with one model that answers."""
    if missing():
        pytest.skip(missing())
    folder = tmp_path_factory.mktemp("live")
    with ScriptedUpstream.in_thread() as upstream, LiveGateway(folder, mock_config(upstream.url)) as gateway:
        yield gateway
