"""`tollbridge app-routes`: what an app answers, written as a service, and taken by the commands of services."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge

__all__ = ["config", "laid", "tollbridge"]

Command = Callable[..., Ran]
SHOP = """
from starlette.applications import Starlette
from starlette.routing import Mount, Route

def orders(request):
    "List orders."

async def bare(scope, receive, send):
    pass

app = Starlette(routes=[Route("/shop/orders", orders), Mount("/shop/bare", bare), Route("/admin", orders)])
nothing = bare
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Write the module of an app into a folder of its own; gives that."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "a_shop.py").write_text(SHOP)
    return folder


def told(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_app_is_written_as_a_service_that_can_be_begun_and_released(
    tollbridge: Command, config: Path, laid: Path, shop: Path, tmp_path: Path
) -> None:
    written = tollbridge("app-routes", "a_shop:app", "--prefix", "/shop/", "--folder", str(shop))
    file = tmp_path / "orders.json"
    file.write_text(json.dumps({**told(written), "name": "Orders"}))

    assert tollbridge("service", "create", "orders", "--kind", "app", "--file", str(file)).code == 0
    released = tollbridge("service", "release", "orders", "--version", "1", "--json")

    assert told(written)["definition"] == {
        "prefix": "/shop",
        "routes": [{"name": "orders", "path": "/orders", "methods": ["GET"], "summary": "List orders."}],
    }
    assert written.err.startswith("/shop/bare/* is left out")
    assert told(released)["version"] == "1"
    assert str(shop) not in sys.path


def test_app_that_is_not_there_or_shows_no_routes_is_told(tollbridge: Command, config: Path, shop: Path) -> None:
    missing = tollbridge("app-routes", "a_shop:other", "--folder", str(shop))
    bare = tollbridge("app-routes", "a_shop:nothing", "--folder", str(shop))

    assert missing.code == 1
    assert "there is no app 'a_shop:other'" in missing.err
    assert bare.code == 2
    assert "shows no routes" in bare.err
