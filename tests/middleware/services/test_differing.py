from collections.abc import Sequence
from typing import Any

import pytest
from tests.support.answering import Answering, Answers

from tollbridge.services.differing import LONGEST_TOLD, MOST_CHANGES, changes_of, design_changes
from tollbridge.services.kinds import Change
from tollbridge.services.model import Access, Approval, Contact, Design, Slo, Visibility
from tollbridge.tokens.model import TokenBudget, TokenLimits

FIRST = Design(name="Weather", definition={"text": "rain"})
BUDGET = TokenBudget(10**9, "day")


def told(**after: Any) -> list[tuple[str, str, bool]]:
    return [(one.path, one.what, one.breaking) for one in between({}, after)]


def between(before: dict[str, Any], after: dict[str, Any]) -> Sequence[Change]:
    return changes_of(Answering(), Design(**before), Design(**after))


def test_equal_designs_differ_in_nothing() -> None:
    assert changes_of(Answering(), FIRST, FIRST) == []
    assert changes_of(None, FIRST, FIRST) == []
    assert between({}, {}) == []
    assert between({"price_per_call_usd": "0.10"}, {"price_per_call_usd": "0.1"}) == []


@pytest.mark.parametrize(
    ("after", "what"),
    [
        ({"access": Access.SCOPE}, ("access", "callers need no subscription any more", False)),
        ({"plans": ("gold",)}, ("plans", "a subscription needs a plan now", True)),
        ({"limits": TokenLimits(concurrency=0)}, ("limits/concurrency", "fewer calls are served", True)),
        ({"budget": BUDGET}, ("budget", "calls may be refused earlier", True)),
        ({"price_per_call_usd": "0.1"}, ("price_per_call_usd", "a call costs more", False)),
        ({"visibility": Visibility.TEAM}, ("visibility", "it is another", False)),
        ({"approval": Approval.AUTO}, ("approval", "it is another", False)),
        ({"name": "Rain"}, ("name", "it is another", False)),
        ({"description": "Rain"}, ("description", "its words are others", False)),
        ({"docs": "# Rain"}, ("docs", "its words are others", False)),
        ({"category": "sky"}, ("category", "it is another", False)),
        ({"tags": ("wet",)}, ("tags", "it is another", False)),
        ({"contacts": (Contact(name="Ann"),)}, ("contacts", "it is another", False)),
        ({"slos": (Slo(name="fast"),)}, ("slos", "it is another", False)),
        ({"logo": "data:image/png;base64,AA"}, ("logo", "it is another image", False)),
    ],
)
def test_each_member_is_told_of(after: dict[str, Any], what: tuple[str, str, bool]) -> None:
    assert told(**after) == [what]
    back = between(after, {})
    assert [one.path for one in back] == [what[0]]
    assert not back[0].breaking or what[0] == "access"


def test_no_member_of_a_design_is_forgotten() -> None:
    named = {
        **{"access": Access.SCOPE, "plans": ("a",), "limits": TokenLimits(1, 2, 3), "budget": BUDGET},
        **{"price_per_call_usd": "1", "visibility": Visibility.PUBLIC, "approval": Approval.AUTO, "name": "n"},
        **{"description": "d", "docs": "d", "category": "c", "tags": ("t",), "contacts": (Contact(name="c"),)},
        **{"slos": (Slo(name="s"),), "logo": "l", "policies": {"masking": {}}, "definition": {"text": "t"}},
    }

    changes = changes_of(Answering(), Design(definition={"text": ""}), Design(**named))

    assert set(named) == set(Design.__struct_fields__)
    assert {one.path.partition("/")[0] for one in changes} == set(Design.__struct_fields__)


def test_policies_that_come_go_change_or_change_places_are_told() -> None:
    a, b = {"a": {"n": 1}}, {"b": {}}

    found = [
        between({"policies": had}, {"policies": has})
        for had, has in (({}, a), (a, {}), (a, {"a": {"n": 2}}), ({**a, **b}, {**b, **a}), (a, {"a": {"n": 1}}))
    ]

    assert [[(one.path, one.breaking, one.before, one.after) for one in changes] for changes in found] == [
        [("policies/a", True, "", '{"n":1}')],
        [("policies/a", False, '{"n":1}', "")],
        [("policies/a", True, '{"n":1}', '{"n":2}')],
        [("policies", False, "a, b", "b, a")],
        [],
    ]


def test_values_are_shown_before_and_after() -> None:
    (tags,) = between({"tags": ("a",)}, {"tags": ("a", "b")})
    (name,) = between({"name": "Old"}, {"name": "New"})
    (seen,) = between({}, {"visibility": Visibility.PUBLIC})
    (access,) = between({"access": Access.SCOPE}, {})
    (price,) = between({"price_per_call_usd": "2"}, {"price_per_call_usd": "1.5"})
    (docs,) = between({"docs": "# Rain\nfalls"}, {"docs": "# Rain\nstops"})

    assert (tags.before, tags.after) == ('["a"]', '["a","b"]')
    assert (name.before, name.after) == ("Old", "New")
    assert (seen.before, seen.after) == ("internal", "public")
    assert (access.before, access.after) == ("scope", "subscription")
    assert access == Change("access", "callers need a subscription now", True, "scope", "subscription")
    assert price == Change("price_per_call_usd", "a call costs less", False, "2", "1.5")
    assert (docs.before, docs.after) == ("", "@@ -1,2 +1,2 @@\n # Rain\n-falls\n+stops")


def test_image_that_is_gone_is_said_to_be() -> None:
    (gone,) = between({"logo": "data:image/png;base64,AA"}, {})

    assert gone == Change("logo", "there is none any more")


def test_plan_that_is_gone_may_break_and_a_new_one_does_not() -> None:
    changes = between({"plans": ("a", "b")}, {"plans": ("b", "c")})
    none = between({"plans": ("a", "b")}, {})

    assert list(changes) == [Change("plans/a", "this plan is gone", True), Change("plans/c", "this plan is new")]
    assert list(none) == [Change("plans", "a subscription needs no plan any more", before='["a","b"]')]
    assert list(between({"plans": ("a", "b")}, {"plans": ("b", "a")})) == []


@pytest.mark.parametrize(
    ("before", "after", "breaking"), [(None, 5, True), (5, 4, True), (5, 6, False), (5, None, False), (0, None, False)]
)
def test_limit_that_is_lower_may_break(before: int | None, after: int | None, breaking: bool) -> None:
    one = {"limits": TokenLimits(requests_per_minute=before)}
    (change,) = between(one, {"limits": TokenLimits(requests_per_minute=after)})

    assert (change.path, change.breaking) == ("limits/requests_per_minute", breaking)
    assert (change.before, change.after) == tuple("" if value is None else str(value) for value in (before, after))


@pytest.mark.parametrize(
    ("after", "breaking", "said"),
    [
        (TokenBudget(5 * 10**8, "day"), True, "0.5/day"),
        (TokenBudget(2 * 10**9, "day"), False, "2/day"),
        (TokenBudget(9 * 10**9, "month"), True, "9/month"),
        (None, False, ""),
    ],
)
def test_budget_that_is_lower_or_of_another_time_may_break(
    after: TokenBudget | None, breaking: bool, said: str
) -> None:
    (change,) = between({"budget": BUDGET}, {"budget": after})

    assert (change.breaking, change.before, change.after) == (breaking, "1/day", said)


def test_definition_is_compared_by_its_kind() -> None:
    (change,) = changes_of(Answering(), FIRST, Design(name="Weather", definition={"text": "sun"}))

    assert change == Change("definition/text", "it answers otherwise", True, "rain", "sun")


def test_definition_that_nobody_can_read_differs_all_the_same() -> None:
    unread = Design(name="Weather", definition={"colour": 1})

    (unknown,) = changes_of(None, FIRST, unread)
    for one, other in ((FIRST, unread), (unread, FIRST)):
        (wrong,) = changes_of(Answering(), one, other)
        assert wrong == Change("definition", "it differs; one of the two cannot be read, so nobody can say how")

    assert unknown == Change("definition", "it differs; no installed plugin can say how")


class Chatty(Answering):
    """Says a great deal."""

    def changes(self, before: Answers, after: Answers) -> Sequence[Change]:
        return [
            *(Change(f"{number}", "it is small") for number in range(MOST_CHANGES)),
            Change("", "it is long", True, "a" * 2 * LONGEST_TOLD, "b" * 2 * LONGEST_TOLD),
        ]


def test_what_a_kind_says_is_bounded_and_what_may_break_comes_first() -> None:
    changes = changes_of(Chatty(), FIRST, Design(name="New", definition={}))

    assert len(changes) == MOST_CHANGES
    assert [one.breaking for one in changes] == [True] + [False] * (MOST_CHANGES - 1)
    assert changes[0].path == "definition"
    assert (len(changes[0].before), len(changes[0].after)) == (LONGEST_TOLD, LONGEST_TOLD)
    assert changes[1].path == "definition/0"


def test_members_alone_are_compared_without_a_kind() -> None:
    assert design_changes(FIRST, Design(name="Weather", definition={})) == []


def test_definition_whose_members_stand_in_another_order_differs() -> None:
    changes = changes_of(Answering(), Design(definition={"a": 1, "b": 2}), Design(definition={"b": 2, "a": 1}))

    assert changes == [Change("definition", "its members stand in another order")]
