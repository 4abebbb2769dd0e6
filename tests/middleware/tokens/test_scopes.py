"""The scope grammar and what includes what."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.growth import assert_linear

from tollbridge.tokens.scopes import EVERY_MODEL, ScopeSet, covers, includes, parse_scope, scope_set

FEW = st.text(alphabet="ab:/", max_size=8)
GLOBS = st.text(alphabet="ab:/*", max_size=8)
REST = st.text(alphabet="abgpt-4o./:{}_", min_size=1, max_size=20)
GRANTED = st.one_of(
    st.sampled_from(("ai:chat", "ai:embeddings", "ai:*", "model:*", "service:*", "admin:*", "admin:tokens:write")),
    st.builds("model:{}".format, st.text(alphabet="abgpt-4o/*", min_size=1, max_size=12)),
    st.builds("service:{}".format, st.text(alphabet="ab:/*{}", min_size=1, max_size=12)),
)
NEEDED = st.one_of(
    st.sampled_from(("ai:chat", "ai:embeddings", "admin:tokens:read", "admin:tokens:write", "admin:teams:read")),
    st.builds("model:{}".format, st.text(alphabet="abgpt-4o/", min_size=1, max_size=12)),
    st.builds("service:{}".format, st.text(alphabet="ab:/{}", min_size=1, max_size=12)),
)


def oracle(glob: str, text: str) -> bool:
    """Match by trying every length for every star; as slow as it is plain."""
    if not glob:
        return not text
    if glob[0] == "*":
        return any(oracle(glob[1:], text[taken:]) for taken in range(len(text) + 1))
    return bool(text) and glob[0] == text[0] and oracle(glob[1:], text[1:])


@given(GLOBS, FEW)
def test_star_stands_for_any_text_also_none(glob: str, text: str) -> None:
    assert covers(f"model:{glob}", f"model:{text}") == oracle(glob, text)


@given(st.text(max_size=12), st.text(max_size=12))
def test_no_sign_but_the_star_has_a_meaning_of_its_own(glob: str, text: str) -> None:
    assert covers(f"model:{glob}", f"model:{text}") == oracle(glob, text)


@given(st.text(max_size=12))
def test_star_crosses_line_ends_too(text: str) -> None:
    assert covers("model:a*z", f"model:a\n{text}\nz")


@given(NEEDED)
def test_scope_covers_itself(scope: str) -> None:
    assert covers(scope, scope)
    assert scope in ScopeSet([scope])


@given(st.lists(GRANTED, max_size=4), st.lists(GRANTED, max_size=4), NEEDED)
def test_more_scopes_never_allow_less(some: list[str], more: list[str], needed: str) -> None:
    if needed in ScopeSet(some):
        assert needed in ScopeSet([*some, *more])


@given(st.lists(GRANTED, max_size=4), NEEDED)
def test_set_allows_what_any_of_its_scopes_covers(granted: list[str], needed: str) -> None:
    assert (needed in ScopeSet(granted)) == any(covers(scope, needed) for scope in granted)


@given(FEW, GLOBS, FEW)
def test_covering_is_transitive_through_a_literal(text: str, glob: str, other: str) -> None:
    if covers(f"model:{glob}", f"model:{text}") and covers(f"model:{text}", f"model:{other}"):
        assert covers(f"model:{glob}", f"model:{other}")


@pytest.mark.parametrize(
    ("granted", "needed", "allowed"),
    [
        ("ai:*", "ai:chat", True),
        ("ai:chat", "ai:chat2", False),
        ("ai:chat", "ai:embeddings", False),
        ("model:openai/*", "model:openai/gpt-4o", True),
        ("model:openai/*", "model:anthropic/claude", False),
        ("model:gpt-4?", "model:gpt-4o", False),
        ("model:gpt-4.", "model:gpt-4o", False),
        ("service:shop:GET:*", "service:shop:GET:/orders/{id}", True),
        ("service:shop:GET:*", "service:shop:POST:/orders", False),
        ("service:*", "model:gpt-4o", False),
        ("model:*", "ai:chat", False),
        ("admin:tokens:write", "admin:tokens:read", True),
        ("admin:tokens:read", "admin:tokens:write", False),
        ("admin:tokens:write", "admin:teams:read", False),
        ("admin:tokens:*", "admin:tokens:write", True),
        ("admin:*", "admin:teams:write", True),
        ("service:shop:write", "service:shop:read", False),
    ],
)
def test_examples_of_the_documentation(granted: str, needed: str, allowed: bool) -> None:
    assert covers(granted, needed) is allowed
    assert (needed in ScopeSet([granted])) is allowed


def test_glob_of_many_stars_is_decided_at_once() -> None:
    def deciding(letters: int, stars: int = 2) -> Callable[[], bool]:
        return lambda: covers("model:" + "*a" * stars + "b", "model:" + "a" * letters)

    assert_linear(deciding, 800)  # where two stars are tried in every place, more take for ever
    assert not deciding(10_000, stars=120)()


@pytest.mark.parametrize(
    "text",
    [
        "ai:chat",
        "ai:*",
        "ai:audio.*",
        "model:gpt-4o-mini",
        "model:openai/*",
        "model:*",
        "service:shop:GET:/orders/{id}",
        "service:*",
        "admin:tokens:read",
        "admin:tokens:*",
        "admin:*",
        "model:" + "m" * 250,
    ],
)
def test_scopes_of_the_grammar_are_given_back_as_they_are(text: str) -> None:
    assert parse_scope(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "visible ASCII"),
        ("ai: chat", "visible ASCII"),
        ('model:"x"', "visible ASCII"),
        ("model:a\\b", "visible ASCII"),
        ("model:modèle", "visible ASCII"),
        ("model:a\n", "visible ASCII"),
        ("model:" + "m" * 251, "at most 256"),
        ("chat", "starts with one of ai:, model:, service:, admin:"),
        ("ai", "starts with one of"),
        ("ai:", "starts with one of"),
        ("AI:chat", "starts with one of"),
        ("*", "starts with one of"),
        ("ai:Chat", "such as ai:chat or ai:"),
        ("ai:ch*t", "such as ai:chat or ai:"),
        ("admin:tokens", "admin:<area>:read"),
        ("admin:tokens:delete", "admin:<area>:read"),
        ("admin:*:write", "admin:<area>:read"),
        ("admin::read", "admin:<area>:read"),
    ],
)
def test_what_is_no_scope_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_scope(text)


@given(st.text(max_size=300))
def test_any_text_is_a_scope_or_a_sentence(text: str) -> None:
    found: str | ValueError
    try:
        found = parse_scope(text)
    except ValueError as exc:
        found = exc

    assert found == text or (" is no scope: " in str(found) and len(str(found)) < 500)


@given(st.lists(GRANTED, max_size=6))
def test_list_of_scopes_survives_its_stored_form(granted: list[str]) -> None:
    assert scope_set(" ".join(granted)) == ScopeSet(granted)
    assert scope_set(" ".join(granted)).scopes == tuple(granted)


def test_default_scopes_open_every_model_and_nothing_else() -> None:
    scopes = ScopeSet(EVERY_MODEL)

    assert "ai:chat" in scopes
    assert "model:anything/at-all" in scopes
    assert "service:app:GET:/" not in scopes
    assert "admin:tokens:read" not in scopes
    assert [parse_scope(scope) for scope in EVERY_MODEL] == list(EVERY_MODEL)


def test_empty_set_allows_nothing() -> None:
    assert "ai:chat" not in ScopeSet()
    assert 5 not in ScopeSet(["ai:*"])


def test_sets_of_the_same_scopes_are_equal_in_any_order() -> None:
    one, other = ScopeSet(["ai:*", "model:*"]), ScopeSet(["model:*", "ai:*"])

    assert one == other
    assert hash(one) == hash(other)
    assert one != ScopeSet(["ai:*"])
    assert one != "ai:* model:*"
    assert repr(one) == "ScopeSet('ai:* model:*')"


@given(granted=st.lists(st.sampled_from(["ai:*", "ai:chat", "model:a*", "admin:tokens:write"])), data=st.data())
def test_answer_that_is_remembered_is_the_first_one(granted: list[str], data: st.DataObject) -> None:
    scopes = ScopeSet(granted)
    for needed in data.draw(st.lists(st.sampled_from(["ai:chat", "model:abc", "model:b", "admin:tokens:read"]))):
        assert (needed in scopes) == any(covers(scope, needed) for scope in granted)


def test_made_up_models_do_not_fill_the_memory() -> None:
    scopes = ScopeSet(["model:a*"])

    for number in range(1_000):
        assert f"model:a{number}" in scopes
        assert f"model:b{number}" not in scopes
    assert "model:" + "b" * 10_000 not in scopes

    assert len(scopes._answers) <= 64
    assert max(map(len, scopes._answers)) <= 256


@given(GRANTED, GRANTED, st.lists(st.text(alphabet="abgpt-4o/:{}readwite", max_size=8), min_size=12, max_size=12))
def test_scope_that_includes_another_covers_all_that_the_other_covers(
    granted: str, asked: str, texts: list[str]
) -> None:
    needed = "".join(texts.pop() if sign == "*" else sign for sign in asked)

    assert covers(asked, needed)
    if includes(granted, asked):
        assert covers(granted, needed)


@given(GLOBS, GLOBS)
def test_what_a_scope_does_not_include_has_a_witness(granted: str, asked: str) -> None:
    witness = asked.replace("*", "#")

    assert includes(f"model:{granted}", f"model:{asked}") == oracle(granted, witness)


@given(GRANTED)
def test_scope_includes_itself(scope: str) -> None:
    assert includes(scope, scope)


@pytest.mark.parametrize(
    ("granted", "asked", "included"),
    [
        ("model:*", "model:gpt-*", True),
        ("model:gpt-*", "model:*", False),
        ("model:gpt-*", "model:gpt-4*-mini", True),
        ("model:gpt-*-mini", "model:gpt-*", False),
        ("model:a*b*c", "model:a*c", False),
        ("model:a*c", "model:a*b*c", True),
        ("ai:*", "ai:audio.*", True),
        ("ai:chat", "ai:*", False),
        ("service:shop:*", "service:shop:GET:*", True),
        ("service:*", "service:shop:GET:/orders/{id}", True),
        ("admin:tokens:write", "admin:tokens:read", True),
        ("admin:tokens:write", "admin:tokens:*", True),
        ("admin:tokens:read", "admin:tokens:*", False),
        ("admin:tokens:*", "admin:tokens:write", True),
        ("admin:tokens:*", "admin:*", False),
        ("admin:*", "admin:tokens:*", True),
        ("admin:*", "ai:*", False),
    ],
)
def test_examples_of_what_may_be_given_on(granted: str, asked: str, included: bool) -> None:
    assert includes(granted, asked) is included


def test_bound_set_allows_what_all_of_its_bounds_allow() -> None:
    bound = ScopeSet(("ai:*", "model:*"), [ScopeSet(("ai:*", "model:gpt-*")), ScopeSet(("ai:chat", "model:*"))])

    assert "ai:chat" in bound
    assert "model:gpt-4o" in bound
    assert "ai:embeddings" not in bound
    assert "model:claude" not in bound


def test_set_names_what_reaches_beyond_it_or_its_bounds() -> None:
    alone = ScopeSet(("ai:*", "model:gpt-*"))
    bound = ScopeSet(("ai:*", "model:*"), [alone])
    asked = ("ai:chat", "model:gpt-4*", "model:*", "admin:tokens:read")

    assert alone.lacking(asked) == bound.lacking(asked) == ("model:*", "admin:tokens:read")
    assert alone.lacking(()) == ()


def test_bounds_are_kept_a_line_each_and_tell_sets_apart() -> None:
    bound = scope_set("ai:* model:*\nai:chat\nmodel:gpt-*")

    assert bound == ScopeSet(("ai:*", "model:*"), [ScopeSet(("ai:chat",)), ScopeSet(("model:gpt-*",))])
    assert bound != ScopeSet(("ai:*", "model:*"))
    assert repr(bound) == "ScopeSet('ai:* model:* within ai:chat within model:gpt-*')"
    assert repr(ScopeSet(("ai:chat",))) == "ScopeSet('ai:chat')"


@pytest.mark.parametrize(
    ("granted", "touched"),
    [
        ("service:weather:say", True),
        ("service:weather:*", True),
        ("service:w*", True),
        ("service:*", True),
        ("service:*:say", True),
        ("service:weather2:say", False),
        ("service:we", False),
        ("service:sun*", False),
        ("model:*", False),
    ],
)
def test_set_touches_what_any_of_its_scopes_can_include(granted: str, touched: bool) -> None:
    assert ScopeSet(("ai:chat", granted)).touches("service:weather:") is touched


def test_set_touches_nothing_that_a_bound_of_it_does_not() -> None:
    weather, sun = ScopeSet(("service:weather:say",)), ScopeSet(("service:sun:*",))

    assert ScopeSet(("service:*",), [weather]).touches("service:weather:")
    assert not ScopeSet(("service:*",), [weather, sun]).touches("service:weather:")
    assert not ScopeSet().touches("service:weather:")


@given(st.lists(GRANTED, max_size=4), st.sampled_from(("a", "b", "")), REST)
def test_set_touches_the_beginning_of_whatever_it_includes(granted: list[str], name: str, rest: str) -> None:
    if f"service:{name}:{rest}" in ScopeSet(granted):
        assert ScopeSet(granted).touches(f"service:{name}:")
