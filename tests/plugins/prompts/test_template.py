import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.growth import assert_linear

from tollbridge_prompts.bounds import PROBLEMS, SLOTS, TEMPLATE
from tollbridge_prompts.template import Flaw, Slot, escape, parse

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,63}", fullmatch=True)
braces = st.text(alphabet="{}\\ \t\nab_1", max_size=60)


def rendered(text: str, **texts: str) -> str:
    template = parse(text)
    assert template.flaws == ()
    return template.render(texts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Say {{x}}.", "Say V."),
        ("{{ x }}{{\tx\t}}", "VV"),
        ("{{{x}}}", "{V}"),
        ("{{{{x}}}}", "{{V}}"),
        (r"\{{x}}", "{{x}}"),
        (r"\\{{x}}", r"\V"),
        (r"\\\{{x}}", r"\{{x}}"),
        (r"\{{{{x}}", "{{V"),
        (r"a\b{c}\\", r"a\b{c}\\"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ("}} and {", "}} and {"),
        ("", ""),
    ],
)
def test_only_a_name_between_two_braces_is_replaced(text: str, expected: str) -> None:
    assert rendered(text, x="V") == expected


@pytest.mark.parametrize(
    "text",
    [
        "{{7*7}}",
        "{{ __import__('os') }}",
        "{{x.__class__}}",
        "{{x|upper}}",
        "{{x!r}}",
        "{{x[0]}}",
        "{{x:>10}}",
        "{{}}",
        "{{ }}",
        "{{x}",
        "{{x\n}}",
        "{{ x",
        "{{1x}}",
        "{{é}}",
        "{{" + "x" * 65 + "}}",
        "{{'x'}}",
        "{{x}".replace("}", "} }"),
    ],
)
def test_what_is_no_name_is_a_flaw_and_stays_as_it_is(text: str) -> None:
    template = parse(text)

    assert [(flaw.line, flaw.column) for flaw in template.flaws] == [(1, 1)]
    assert template.slots == ()
    assert template.render({}) == text


@pytest.mark.parametrize(
    "text",
    [
        "{% for x in y %}{% endfor %}",
        "{# no #}",
        "{x}",
        "%(x)s %s",
        "${x} $x",
        "<% x %>",
        "!!python/object/apply:os.system ['id']",
        "cos\nsystem\n(S'id'\ntR.",
        "#{7*7}",
        "f'{x}'",
    ],
)
def test_other_languages_are_text(text: str) -> None:
    assert rendered(text) == text


@pytest.mark.parametrize("value", ["{{x}}", "{{y}}", r"\{{x}}", "{{7*7}}", "{% x %}", "{{__import__('os')}}", "}}{{"])
def test_value_is_never_a_template(value: str) -> None:
    assert rendered("<{{x}}|{{y}}>", x=value, y=value) == f"<{value}|{value}>"


def test_flaws_say_line_and_column() -> None:
    template = parse("a\nbc {{x}} {{!}}\n\n\\{{ {{{?}}\r\n{{")

    assert [(flaw.line, flaw.column) for flaw in template.flaws] == [(2, 10), (4, 6), (5, 1)]
    assert template.parts[1] == Slot("x", 2, 4)


def test_flaws_are_few() -> None:
    assert len(parse("{{ " * 1000).flaws) == PROBLEMS


def test_template_that_is_too_long_is_a_flaw() -> None:
    assert parse("a" * TEMPLATE).flaws == ()
    assert parse("a" * (TEMPLATE + 1)).flaws == (
        Flaw(1, 1, f"it has {TEMPLATE + 1} characters; at most 200000 can be used"),
    )


def test_places_for_values_are_bounded() -> None:
    assert parse("{{x}}" * SLOTS).flaws == ()

    template = parse("{{x}}" * (SLOTS + 5))

    assert [flaw.message for flaw in template.flaws] == [
        f"it has more than {SLOTS} places for values; the rest was not read"
    ]
    assert len(template.slots) == SLOTS


@given(braces)
def test_any_text_can_be_written_as_a_template(text: str) -> None:
    assert rendered(escape(text)) == text


plain = braces.filter(lambda text: not re.search(r"\\\{*\Z", text))  # else it would say something of what follows


@given(st.lists(st.tuples(plain, names), max_size=5), braces)
def test_parts_come_back_as_they_were_put_together(pairs: list[tuple[str, str]], end: str) -> None:
    source = "".join(f"{escape(text)}{{{{{name}}}}}" for text, name in pairs) + escape(end)
    values = {name: f"<{name}>" for _, name in pairs}

    assert rendered(source, **values) == "".join(f"{text}<{name}>" for text, name in pairs) + end


@given(braces, braces)
def test_nothing_is_lost_and_the_length_is_known(text: str, value: str) -> None:
    template = parse(text)
    values = {slot.name: value for slot in template.slots}

    assert len(template.render(values)) == template.length(values)


@given(braces)
def test_template_without_braces_in_pairs_is_itself(text: str) -> None:
    text = text.replace("{{", "{ ")

    assert rendered(text) == text or "{{" in text


@pytest.mark.parametrize("text", ["{", "\\", "{{", "\\{{", "{{ ", "{{x", "{{x}}", "}}", "{{\n", " {{"])
def test_hostile_text_takes_linear_time(text: str) -> None:
    assert_linear(lambda size: partial(parse, (text * size)[:size]), TEMPLATE // 10)
