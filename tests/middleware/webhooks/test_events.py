"""Which events a webhook hears of, and what is said of one."""

import json
import re
from pathlib import Path

import pytest

import tollbridge
from tollbridge.audit import Actor, AuditRecord
from tollbridge.services.lifecycle import Move
from tollbridge.stores.closing import SAID
from tollbridge.webhooks.events import EVENTS, MOST_PATTERNS, checked_patterns, hears, is_event, said_of

AT_US = 1_767_614_400_250_000
ACTOR = Actor("tok_9", "api", "192.0.2.1", "req_1")


@pytest.mark.parametrize(
    ("patterns", "heard"),
    [
        (["*"], ["token.rotate", "token.secret_ending", "audit.read"]),
        (["token.*"], ["token.rotate", "token.secret_ending"]),
        (["token.rotate", "audit.*"], ["token.rotate", "audit.read"]),
        (["token.rot"], []),
        ([], []),
    ],
)
def test_patterns_mean_what_they_say(patterns: list[str], heard: list[str]) -> None:
    events = ["token.rotate", "token.secret_ending", "audit.read"]

    assert [event for event in events if hears(patterns, event)] == heard


@pytest.mark.parametrize(
    "pattern", ["", "token", "token.", ".rotate", "tok*", "token.r*", "Token.*", "a.b.c", "*.*", "token.* "]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="written as"):
        checked_patterns(["token.*", pattern])


@pytest.mark.parametrize("pattern", ["token.rotat", "tokens.*", "token.new_secret", "acme.report"])
def test_event_that_nobody_sends_is_refused_with_those_that_are_known(pattern: str) -> None:
    with pytest.raises(ValueError, match=rf"there is no event {re.escape(pattern)}; known: .*token\.rotate"):
        checked_patterns(["token.*", pattern], EVENTS)


def test_events_are_all_that_is_recorded_in_the_sources() -> None:
    """Whoever records something new names it here, or no webhook could ask for it."""
    kinds = {event.partition(".")[0] for event in EVENTS}
    found: set[str] = set()
    for path in (Path(tollbridge.__file__).parent).rglob("*.py"):
        if "testing" not in path.parts and path.name != "events.py":
            source = path.read_text()
            found |= set(re.findall(r'"([a-z_]+\.[a-z_]+)"', source))
            for about, on, off in re.findall(r"""f"([a-z_]+)\.{'([a-z]+)' if on else '([a-z]+)'}\"""", source):
                found |= {f"{about}.{on}", f"{about}.{off}"}
    found |= {f"service.{move}" for move in Move}  # recorded under the name of what is done
    found |= {f"subscription.{word}" for word in SAID.values()}
    recorded = {text for text in found if is_event(text) and text.partition(".")[0] in kinds}

    assert recorded - {"token.id", "service.id"} == set(EVENTS)


def test_patterns_are_kept_once_and_are_not_too_many() -> None:
    assert checked_patterns(["b.*", "a.x", "b.*"], ["a.x", "b.y"]) == ("b.*", "a.x")
    for patterns in ([], [f"a.{'x' * n}" for n in range(1, MOST_PATTERNS + 2)]):
        with pytest.raises(ValueError, match=f"1 to {MOST_PATTERNS} events"):
            checked_patterns(patterns)


@pytest.mark.parametrize(
    ("before", "after", "changed", "more"),
    [
        ('{"scopes":"ai:chat"}', '{"scopes":"ai:*"}', ["scopes"], {}),
        ('{"scopes":"ai:chat"}', "null", ["scopes"], {}),
        ("null", '{"hint":"tb_ab","secret":"hmac:12"}', ["hint", "secret"], {"hint": "tb_ab"}),
        ("null", '{"ends_at":null}', ["ends_at"], {"ends_at": None}),
        ("null", '{"ends_at":"2026-02-01T00:00:00+00:00"}', ["ends_at"], {"ends_at": "2026-02-01T00:00:00Z"}),
        ("null", "null", [], {}),
    ],
)
def test_body_names_what_changed_and_gives_values_of_what_is_listed_alone(
    before: str, after: str, changed: list[str], more: dict[str, object]
) -> None:
    record = AuditRecord(7, AT_US, ACTOR, "token.change", "tok_1", before, after, b"")

    said = json.loads(said_of(record, "shop", "blue"))

    assert said == {
        "type": "token.change",
        "timestamp": "2026-01-05T12:00:00.250000Z",
        "data": {
            "id": "tok_1",
            "name": "shop",
            "team": "blue",
            "by": "tok_9",
            "via": "api",
            "request": "req_1",
            "record": 7,
            "changed": changed,
            **more,
        },
    }
