"""The example of the documents does what they say."""

import re
from pathlib import Path
from types import ModuleType

import tollbridge

PAGE = Path(tollbridge.__file__).parents[2] / "docs" / "plugins.md"


async def test_plugin_of_the_documents_asks_a_model(gateway, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    (text,) = [
        block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S) if "gist.py" in block
    ]
    plugin = ModuleType("tollbridge_gist")
    exec(text, plugin.__dict__)
    under = gateway(plugins=(plugin,))
    may, may_not = await under.token("service:gist"), await under.token("service:other")

    whole = await under.request("POST", "/_tollbridge/gist", content=b"A long text", token=may)
    streamed = await under.request("POST", "/_tollbridge/gist?stream", content=b"A long text", token=may)
    refused = await under.request("POST", "/_tollbridge/gist", content=b"A long text", token=may_not)
    await under.gateway.asking.settled()
    rows = await under.gateway.store.recent()

    assert whole.json() == {"gist": "Hello.", "cost_nano_usd": 450_000}
    assert (streamed.status_code, streamed.text, refused.status_code) == (200, "Hello.", 403)
    assert [sent.json()["messages"][1] for sent in under.sent] == [{"role": "user", "content": "A long text"}] * 2
    assert [row.outcome for row in rows if row.parent] == ["complete"] * 2
