"""Every event has words."""

import pytest

from tollbridge.webhooks import words
from tollbridge.webhooks.events import EVENTS, TEST


@pytest.mark.parametrize("event", [*EVENTS, TEST])
def test_every_event_of_the_gateways_own_has_words(event: str) -> None:
    assert event.partition(".")[2] in words._DONE


def test_every_word_is_of_an_event() -> None:
    assert words._DONE.keys() - {event.partition(".")[2] for event in (*EVENTS, TEST)} <= {"read"}


def test_event_of_a_plugin_is_said_in_its_own_words() -> None:
    assert words.done("monthly_report") == "monthly report"
