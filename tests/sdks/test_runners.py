"""The SDKs against recorded answers of their own providers, without a gateway: the runners say what was recorded."""

import base64
import json
from collections.abc import Iterable
from typing import Any

import pytest
from tests.sdks.conversations import CONVERSATIONS, STREAMED
from tests.sdks.rows import ASKING
from tests.sdks.side import Side, error_of
from tests.sdks.table import STATUSES, Client, Family, Kind
from tests.support.replay import SPLITS
from tests.support.requires import requires


def own(client: Client, family: Family) -> bool:
    """Whether an SDK is made for a provider."""
    alike = family.dialect == client.dialect and family.native.split("-")[0] in client.name
    return family.native == client.name or alike


def is_answered(kind: Kind, client: Client, family: Family, what: object) -> bool:
    return what not in kind.calls or (what in kind.made(client, family) and not kind.mended(client, family, str(what)))


def rows(kinds: Iterable[Kind], whats: Iterable[Any] = ()) -> pytest.MarkDecorator:
    """Run a test for each SDK, each provider that it is made for, and its calls, or else these of them or statuses."""
    found = [
        pytest.param(client, family, what, marks=requires(client.need), id=f"{client.name}-{family.name}-{what}")
        for kind in kinds
        for client, family in kind.pairs()
        if family.cases and own(client, family)
        for what in whats or kind.calls
        if is_answered(kind, client, family, what)
    ]
    return pytest.mark.parametrize(("client", "family", "what"), found)


def has_talked(said: dict[str, Any], what: str) -> None:
    calls = what in ("tools", "tools_stream")
    assert said["stop"] in (("tools",) if calls else ("stop", "length"))
    assert bool(said["tool_calls"]) is calls
    assert said["text"] or calls
    assert said.get("then", "text")
    assert min(said["usage"].values()) > 0
    assert what != "structured" or json.loads(said["text"])


def has_embedded(said: dict[str, Any], what: str) -> None:
    sizes = {len(base64.b64decode(vector)) for vector in said["vectors"]}
    assert len(sizes) == 1
    assert min(sizes) >= 12
    assert len(said["vectors"]) > 1 or what != "embed_several"
    assert said.get("usage", 1) > 0


def has_ranked(said: dict[str, Any], what: str) -> None:
    scores = [score for _, score in said["ranks"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) > 1
    assert any(said["usage"])


def has_counted(said: dict[str, Any], what: str) -> None:
    assert said["tokens"] > 0
    assert said["estimated"] is None


SAID = {"embed": has_embedded, "rank": has_ranked, "count": has_counted}


@rows(ASKING)
def test_runner_says_what_its_provider_said(direct: Side, client: Client, family: Family, what: str) -> None:
    said = direct.call(client.name, family, what)

    assert "error_class" not in said, said
    SAID.get(what.partition("_")[0], has_talked)(said, what)
    assert len(direct.replay.asked) == (2 if what == "tools" else 1)


@rows([CONVERSATIONS], sorted(STREAMED))
def test_runner_says_the_same_however_a_stream_is_cut(direct, client, family, what) -> None:
    found = {split: direct.call(client.name, family, what, split=split) for split in SPLITS}

    assert found["event"] == found["byte"] == found["random"]


@rows([kind for kind in ASKING if not kind.homes], [401, *STATUSES])
def test_runner_says_which_error_was_raised(direct, client, family, what) -> None:
    raised, status = error_of(direct.refused(client.name, family, what, next(iter(family.cases))))

    assert raised
    assert status == what
    assert len(direct.replay.asked) == 1
