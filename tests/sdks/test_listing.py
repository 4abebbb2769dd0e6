"""Lists of models: each SDK finds those of the gateway, one of them, and misses the one that is not there."""

import pytest
from tests.sdks.conversations import CONVERSATIONS
from tests.sdks.listing import LISTING
from tests.sdks.rows import ASKING
from tests.sdks.seen import noted, rows
from tests.sdks.side import error_of

from tollbridge.plugins import Plugins

_FAMILIES = {family.alias: family for kind in ASKING for family in kind.families}
_KNOWN = Plugins().register_all().providers
_OWN = [
    f"{host}/{model.name}"
    for host in sorted({family.known for family in _FAMILIES.values()} - {""})
    for model in _KNOWN[host].models
]
"""The models that a host which the gateway knows names itself."""

MODELS = sorted([*_FAMILIES, *_OWN])


def only(call: str) -> pytest.MarkDecorator:
    return rows(LISTING, only=lambda what, family: what == call)


@only("list_models")
def test_sdk_lists_the_models_of_the_gateway(through, results, kind, client, family, what) -> None:
    with noted(results, client, family, what):
        assert through.alone(client.name, what, "") == {"models": MODELS}
        assert through.replay.asked == []


@only("get_model")
def test_sdk_gets_one_model(through, results, kind, client, family, what) -> None:
    with noted(results, client, family, what):
        assert through.alone(client.name, what, MODELS[-1]) == {"models": [MODELS[-1]]}
        assert through.replay.asked == []


@only("get_no_model")
def test_model_that_is_not_offered_raises_what_the_sdk_raises_for_its_own(
    through, direct, results, kind, client, family, what
) -> None:
    with noted(results, client, family, what):
        expected = direct.refused(client.name, CONVERSATIONS.home(client), 404, what)
        found = through.alone(client.name, what, "no-such-model")

        assert expected["error_class"]
        assert error_of(found) == error_of(expected)
        assert error_of(found)[1] == 404
        assert through.replay.asked == []
