"""Somebody with a real browser before a real gateway."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.chromium import chromium, missing, opening, signed_in
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream

__all__ = ["chromium"]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """A gateway with one model that answers."""
    if missing():
        pytest.skip(missing())
    folder = tmp_path_factory.mktemp("live")
    with ScriptedUpstream.in_thread() as upstream, LiveGateway(folder, mock_config(upstream.url)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def operator(chromium: Any, live: LiveGateway) -> Any:
    """The state of the operator's browser."""
    return signed_in(chromium, live)


@pytest.fixture
def open_page(chromium: Any, operator: Any) -> Iterator[Callable[..., Any]]:
    """Give `open_page(width, theme)`: a page before the operator that fails the test if its console says anything."""
    with opening(chromium, operator) as make:
        yield make
