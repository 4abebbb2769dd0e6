"""The SDKs against recorded answers of their own providers, without a gateway: the runners say what was recorded."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from tests.sdks.rows import CALLS, CLIENTS, FAMILIES, STATUSES, STREAMED
from tests.sdks.side import error_of
from tests.support.replay import SPLITS
from tests.support.requires import requires

OWN = [
    (client, family)
    for client in CLIENTS
    for family in FAMILIES
    if family.native == client.name or (family.dialect == client.dialect and family.native.split("-")[0] in client.name)
]


def rows(whats: Iterable[Any]) -> pytest.MarkDecorator:
    """Run a test for each SDK, each provider that it is made for, and what is not a call or was recorded."""
    found = [
        pytest.param(client, family, what, marks=requires(client.need), id=f"{client.name}-{family.name}-{what}")
        for client, family in OWN
        for what in whats
        if what not in CALLS or what in family.cases
    ]
    return pytest.mark.parametrize(("client", "family", "what"), found)


@rows(CALLS)
def test_runner_says_what_its_provider_said(direct, client, family, what) -> None:
    said = direct.call(client.name, family, what)

    assert "error_class" not in said, said
    calls = what in ("tools", "tools_stream")
    assert said["stop"] in (("tools",) if calls else ("stop", "length"))
    assert bool(said["tool_calls"]) is calls
    assert said["text"] or calls
    assert said.get("then", "text")
    assert min(said["usage"].values()) > 0
    assert what != "structured" or json.loads(said["text"])
    assert len(direct.replay.asked) == (2 if what == "tools" else 1)


@pytest.mark.parametrize("split", SPLITS[1:])
@rows(sorted(STREAMED))
def test_runner_says_the_same_however_a_stream_is_cut(direct, client, family, what, split) -> None:
    assert direct.call(client.name, family, what, split=split) == direct.call(client.name, family, what)


@rows([401, *STATUSES])
def test_runner_says_which_error_was_raised(direct, client, family, what) -> None:
    raised, status = error_of(direct.refused(client.name, family, what))

    assert raised
    assert status == what
    assert len(direct.replay.asked) == 1
