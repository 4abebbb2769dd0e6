"""Which tokens nobody uses, and which may do more than they are used for."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tollbridge.stores.reporting import Use
from tollbridge.testing.samples import NOON
from tollbridge.tokens.model import Token, TokenKind, TokenState
from tollbridge.tokens.review import review
from tollbridge.tokens.scopes import ScopeSet

SINCE = NOON - timedelta(days=30)
OLD = Token(
    id="tok_1",
    name="old",
    kind=TokenKind.BEARER,
    scopes=("ai:*", "model:*"),
    hint="tb_abcd",
    created_at=SINCE - timedelta(days=1),
    state=TokenState.ACTIVE,
)


def used(operation: str, model: str = "", *, allowed: int = 1, token: str = "tok_1") -> Use:
    return Use(token, operation, model, 1, allowed, NOON)


def test_token_that_nobody_used_since_is_unused() -> None:
    (never,) = review([OLD], [], SINCE)
    (before,) = review([replace(OLD, last_used_at=SINCE - timedelta(hours=1))], [], SINCE)

    assert (never.unused, never.spare, never.suggested) == (True, OLD.scopes, ())
    assert before.unused


def test_token_that_was_only_refused_is_unused_for_all_it_may() -> None:
    (found,) = review([OLD], [used("ai:chat", "small", allowed=0)], SINCE)

    assert found.unused


def test_use_that_leaves_no_row_counts_as_use() -> None:
    assert review([replace(OLD, last_used_at=SINCE)], [], SINCE) == []


def test_young_and_ended_tokens_are_left_alone() -> None:
    tokens = [
        replace(OLD, created_at=SINCE + timedelta(microseconds=1)),
        *(replace(OLD, state=state) for state in TokenState if state is not TokenState.ACTIVE),
    ]

    assert review(tokens, [], SINCE) == []


def test_scope_that_nothing_needed_is_spare_and_what_was_needed_is_suggested() -> None:
    token = replace(OLD, scopes=("ai:chat", "ai:embeddings", "model:gpt-*", "admin:tokens:write"))

    (found,) = review([token], [used("ai:chat", "gpt-4o"), used("ai:chat", "gpt-5"), used("")], SINCE)

    assert not found.unused
    assert found.spare == ("ai:embeddings", "admin:tokens:write")
    assert found.suggested == ("ai:chat", "model:gpt-4o", "model:gpt-5")


def test_token_whose_every_scope_was_needed_does_not_stand_out() -> None:
    assert review([OLD], [used("ai:chat", "small")], SINCE) == []


def test_uses_of_other_tokens_do_not_count() -> None:
    (found,) = review([OLD], [used("ai:chat", "small", token="tok_2")], SINCE)

    assert found.unused


@given(
    st.lists(st.tuples(st.sampled_from(("ai:chat", "ai:images", "service:a:GET:/")), st.sampled_from(("", "m", "n"))))
)
def test_suggested_scopes_let_everything_across_that_crossed(calls: list[tuple[str, str]]) -> None:
    uses = [used(operation, model) for operation, model in calls]
    token = replace(OLD, scopes=("ai:*", "model:*", "service:*", "admin:*"))

    (found,) = review([token], uses, SINCE)

    allowed = ScopeSet(found.suggested)
    assert all(use.operation in allowed and (not use.model or f"model:{use.model}" in allowed) for use in uses)
    assert {*found.spare} >= {"admin:*"}


def test_findings_are_in_the_order_of_the_tokens() -> None:
    tokens = [
        replace(OLD, id=f"tok_{number}", created_at=datetime(2020, 1, 1, tzinfo=NOON.tzinfo)) for number in (3, 1, 2)
    ]

    assert [finding.token.id for finding in review(tokens, [], SINCE)] == ["tok_3", "tok_1", "tok_2"]
