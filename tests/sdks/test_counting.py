"""Counts for a provider that cannot count: an estimate, the same for every SDK, and called one."""

from tests.sdks.counting import COUNTING
from tests.sdks.seen import noted, rows

QUESTION, SYSTEM = "What is the weather in Paris?", "You are a terse assistant."
TOOL = (
    '["get_weather","Tells the weather of a city.",'
    '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}]'
)
A_MESSAGE = 4


def a_fourth(*texts: str) -> int:
    return -(-sum(map(len, texts)) // 4)


ESTIMATES = {
    "count": a_fourth(QUESTION) + A_MESSAGE,
    "count_tools": a_fourth(QUESTION, SYSTEM, f"[{TOOL}]") + 2 * A_MESSAGE,
}


@rows(COUNTING, only=lambda what, family: not family.cases)
def test_count_that_no_provider_gives_is_an_estimate_and_said_to_be_one(
    through, results, kind, client, family, what
) -> None:
    with noted(results, client, family, what):
        found = through.alone(client.name, what, family.alias)

        assert found == {"tokens": ESTIMATES[what], "estimated": "input_tokens"}
        assert through.replay.asked == []
