"""Every SDK against every provider it is to reach: it gets what the provider's own SDK gets without a gateway."""

import json

from tests.sdks.conftest import SECRET
from tests.sdks.conversations import CONVERSATIONS, STREAMED
from tests.sdks.rows import ASKING
from tests.sdks.seen import noted, rows
from tests.sdks.side import Said, Side, error_of
from tests.sdks.table import Client, Family
from tests.support.replay import SPLITS, Asked

MARKS = {
    "count": "What is the weather in Paris?",
    "count_tools": "get_weather",
    "embed": "Ruby is a programmer's best friend",
    "embed_several": "JavaScript",
    "embed_short": "512",
    "image": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB",
    "rank": "Berlin is a city in Germany.",
    "rank_top": ":2",
    "structured": "chance_of_rain",
    "tools": "get_weather",
    "tools_stream": "get_weather",
}
"""What of a call must be in what the provider is asked, whatever its dialect."""
RESULT = "sunny-4711"


def is_call(what: str, family: Family) -> bool:
    return what in family.cases


def is_refusal(what: str, family: Family) -> bool:
    return what.isdigit() and what != "401"


def look(asked: list[Asked], family: Family, call: str, token: str) -> None:
    """Look at what the provider was asked."""
    for request in asked:
        assert request.path.startswith(family.path)
        assert SECRET in " ".join(request.headers.values())
        assert token not in " ".join((request.path, *request.headers.values(), request.body.decode()))
    first, *_, last = (json.dumps(request.json(), separators=(",", ":")) for request in [asked[0], *asked])
    assert MARKS.get(call, "") in first
    assert call != "tools" or (RESULT not in first and RESULT in last)


def shown(said: Said, client: Client, family: Family) -> Said:
    """Give what a client is to show: one of another dialect tells tokens that the provider's own SDK does not."""
    if not family.unshown or client.dialect == family.dialect:
        return said
    usage = said["usage"]
    return {**said, "usage": {**usage, "output": usage["output"] + family.unshown}}


def read(said: Said, call: str, other: Said) -> Said:
    """Give what is compared: a JSON answer by its value, not by its spaces, and usage where both SDKs show it."""
    found = {key: value for key, value in said.items() if key != "usage" or key in other}
    return {**found, "text": json.loads(found["text"])} if call == "structured" and "text" in found else found


@rows(*ASKING, only=is_call)
def test_sdk_gets_what_the_providers_own_sdk_gets(through, remembered, results, kind, client, family, what) -> None:
    with noted(results, client, family, what):
        expected = remembered.call(family.native, family, kind.native_call(family, what), case=what)
        found = through.call(client.name, family, what)

        assert "error_class" not in expected
        wanted = shown(expected, client, family)
        assert read(found, what, wanted) == read(wanted, what, found)
        look(through.replay.asked, family, what, through.token)
        if kind.mended(client, family, what):
            assert found != remembered.call(client.name, family, what)


@rows(CONVERSATIONS, only=lambda what, family: what in STREAMED)
def test_stream_is_the_same_however_it_is_cut(through: Side, results, kind, client, family, what) -> None:
    with noted(results, client, family, what):
        found = {split: through.call(client.name, family, what, split=split) for split in SPLITS}

        assert found["event"] == found["byte"] == found["random"]
        assert "error_class" not in found["event"]


@rows(*ASKING, only=is_refusal)
def test_refusal_of_a_provider_raises_what_the_sdk_raises_for_its_own(
    through, remembered, results, kind, client, family, what
) -> None:
    with noted(results, client, family, what):
        call = kind.made(client, family)[0]
        expected = remembered.refused(client.name, kind.home(client), int(what), call)
        found = through.refused(client.name, family, int(what), call)

        assert expected["error_class"]
        assert error_of(found) == error_of(expected)


@rows(*ASKING, only=lambda what, family: what == "401")
def test_wrong_token_raises_what_the_sdk_raises_for_a_wrong_key(
    through, remembered, results, kind, client, family, what
) -> None:
    with noted(results, client, family, what):
        call = kind.made(client, family)[0]
        expected = remembered.refused(client.name, kind.home(client), 401, call)
        found = through.unknown(client.name, family, call)

        assert expected["error_class"]
        assert error_of(found) == error_of(expected)
        assert through.replay.asked == []
