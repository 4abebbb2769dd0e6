import pytest
from tests.support.barewords import bare_words


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ("<p>as {{ name }}, until {{ day }}</p>", ["as …, until …"]),
        ("{% block title %}Home{% endblock %}", ["Home"]),
        ("{% if x %}<p>One</p>{% elif y %}<p>Two</p>{% else %}<p>Three</p>{% endif %}", ["One", "Two", "Three"]),
        ("{% for x in y %}<b>more</b>{% else %}<b>none</b>{% endfor %}", ["more", "none"]),
        ("{% macro m() %}<p>Hi there</p>{% endmacro %}", ["Hi there"]),
        ("{% call m() %}<p>Called</p>{% endcall %}", ["Called"]),
        ('<a title="Go"></a>', ["Go"]),
        ('<a aria-label="{{ x }} Go"></a>', ["… Go"]),
        ('<input placeholder="Search"><img alt="A cat">', ["Search", "A cat"]),
        ('<input type="submit" value="Send">', ["Send"]),
        ('<option label="All"></option>', ["All"]),
        ('<p>{{ "Yes" if x else "No" }}</p>', ["YesNo"]),
        ('<p>{{ x or "nobody" }}</p>', ["nobody"]),
        ('<p>{{ x | default("nothing") }}</p>', ["nothing"]),
        ('<p>{{ x ~ " tokens" }}</p>', ["tokens"]),
        ("<p>&lt;b&gt; word</p>", ["<b> word"]),
        ("<p>中文</p>", ["中文"]),
        ("{% set x %}Words{% endset %}", ["Words"]),
    ],
)
def test_word_that_stands_by_itself_is_found(template, found) -> None:
    assert bare_words(template) == found


@pytest.mark.parametrize(
    "template",
    [
        '<p>{{ _("Hello") }}</p>',
        '<p>{{ ngettext("%(num)s row", "%(num)s rows", n) }}</p>',
        "<p>{% trans %}Hello{% endtrans %}</p>",
        "<title>{% block title %}{% endblock %} · Tollbridge</title>",
        "<pre><code>tollbridge admin-link</code></pre>",
        '<a class="link" href="/sign-in" data-name="word">{{ x }}</a>',
        "<a title=\"{{ _('Go') }}\">+{{ n }}</a>",
        '<option{% if x == "word" %} selected{% endif %} value="word">{{ words[x] }}</option>',
        '{% set said = {404: (_("Nothing"), "nothing")} %}',
        '{% include "other.html" %}{% import "words.html" as words %}',
        '{{ fields.field("email", _("E-mail"), "email") }}',
        "{# a remark #}<script>let word = 1;</script><!-- remark -->",
        "<p>5 % · – / {{ x }}: «{{ y }}»</p>",
    ],
)
def test_what_is_said_in_every_language_or_is_no_word_passes(template) -> None:
    assert bare_words(template) == []
