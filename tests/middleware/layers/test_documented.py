"""The examples of docs/layers.md, run."""

import re
import types
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tollbridge import SystemClock
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.service import TokenService

PAGE = Path(__file__).parents[3] / "docs" / "layers.md"


def example(name: str) -> types.ModuleType:
    """Run the example of that file name."""
    (source,) = re.findall(rf"^```python\n# {name}\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    module = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
    return module


def test_layers_without_the_gateway_authenticate_authorize_and_limit() -> None:
    client = TestClient(example("shop.py").app)
    ann = {"authorization": "Bearer secret-of-ann"}

    replies = [client.get("/orders", headers=ann) for _ in range(4)]
    stranger, beyond = client.get("/orders"), client.post("/orders", headers=ann)

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert replies[0].json() == {"asked_by": "ann"}
    assert stranger.status_code == 401
    assert (beyond.status_code, beyond.json()["error"]["code"]) == (403, "insufficient_scope")


def test_layers_with_a_store_take_its_tokens_and_fill_its_ledger(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    metered = example("metered.py")

    with TestClient(metered.app) as client:
        assert client.portal is not None
        pepper = OnePepper(metered.data.secret("pepper"))
        elsewhere = TokenService(metered.store, metered.store, pepper, SystemClock(), audit_key=sample_key)
        issued = client.portal.call(lambda: elsewhere.issue(name="ann"))
        reply = client.get("/orders", headers={"authorization": f"Bearer {issued.secret}"})
        rows = client.portal.call(metered.store.recent)

    assert reply.json() == {"asked_by": "ann"}
    assert [row.cost for row in rows] == [100_000]
