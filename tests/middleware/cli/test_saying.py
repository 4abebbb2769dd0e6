"""What refusals say, in the words of commands."""

import pytest

from tollbridge.cli.asking import Refused
from tollbridge.cli.saying import refusals_typed, typed
from tollbridge.errors import BadRequest, GatewayError, SetupError


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("wait, or rotate with overlap_s: 0", "wait, or rotate with --overlap now"),
        ("allow that with allow_private: true", "allow that with --private"),
        ("change it with PATCH /clients/client_1", "change it with tollbridge client edit client_1"),
        ("the operator may with [webhooks] allow_private", "the operator may with [webhooks] allow_private"),
        ("overlap_s: 0.5", "overlap_s: 0.5"),
    ],
)
def test_what_is_sent_to_the_api_is_said_as_it_is_typed(said: str, shown: str) -> None:
    assert typed(said) == shown


def test_refusals_of_every_way_are_said_so_and_stay_what_they_are() -> None:
    refused = Refused("overlap_s: 0", status=404, code="x")
    with pytest.raises(Refused, match=r"^--overlap now$") as there, refusals_typed():
        raise refused
    with pytest.raises(GatewayError, match="overlap_s") as here, refusals_typed():
        raise BadRequest("overlap_s: 0", code="rotating")
    with pytest.raises(SetupError) as odd, refusals_typed():
        raise SetupError(7)

    assert there.value is refused
    assert there.value.exit_code == 3
    assert (here.value.message, here.value.code) == ("--overlap now", "rotating")
    assert odd.value.args == (7,)
