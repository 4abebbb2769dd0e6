"""The words of the shipped file."""

from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.config import Config, ModelConfig, ProviderConfig
from tollbridge.seeing.optionwords import EXAMPLES, read_words, shipped_words
from tollbridge.signinsettings import OidcConfig

WRITTEN = """
# A file.
[server]                      # where it listens
host = "127.0.0.1"            # listen here
port = 8800
keep = false                  # true keeps it,
                              # with every provider
                              # there is

[store]
                              # of nothing
url = "a # b"

# [providers.mine]
# api_key = "env:X"           # a reference
#                             # and more
"""


def test_comments_behind_options_are_read_with_the_lines_they_go_on_in() -> None:
    words = read_words(WRITTEN)

    assert words["server"].about == "where it listens"
    assert words["server"].options == {
        "host": "listen here",
        "port": "",
        "keep": "true keeps it, with every provider there is",
    }
    assert words["providers.mine"].options == {"api_key": "a reference and more"}
    assert (words["store"].about, list(words["store"].options)) == ("", ["url"])


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    read_words(text)


@pytest.mark.parametrize("section", [one for one in fields(Config) if is_dataclass(one.type)], ids=lambda one: one.name)
def test_every_option_of_every_section_is_there(section) -> None:
    known = shipped_words()[section.name].options

    several = {option.name for option in fields(section.type) if f"{section.name}.{option.name}" in EXAMPLES}
    assert {option.name for option in fields(section.type)} - several <= set(known)


@pytest.mark.parametrize(
    ("kind", "of"), [("providers", ProviderConfig), ("models", ModelConfig), ("signin.oidc", OidcConfig)]
)
def test_every_option_of_what_there_are_several_of_is_in_its_example(kind: str, of: type) -> None:
    assert {option.name for option in fields(of)} <= set(shipped_words()[EXAMPLES[kind]].options)


def test_most_options_have_words() -> None:
    said = [about for words in shipped_words().values() for about in words.options.values()]

    assert sum(map(bool, said)) > 100
