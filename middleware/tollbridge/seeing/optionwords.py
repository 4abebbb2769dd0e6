"""What each option of the configuration means: the comments of the shipped file.

Tests hold that file equal to the settings. It shows every option with its default; the options of what there can be
several of stand in an example.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

_SECTION = re.compile(r"(?:# )?\[(?P<name>[^\]]+)\]\s*(?:#\s*(?P<about>.*))?")
_OPTION = re.compile(r"(?:# )?(?P<name>\w+) = (?P<rest>.*)")
_COMMENT = re.compile(r"\s#\s+(?P<about>.*)")
_MORE = re.compile(r"#?\s{8,}#\s+(?P<about>.*)")
EXAMPLES: Mapping[str, str] = {
    "providers": "providers.mine",
    "models": 'models."gpt-4o-mini"',
    "signin.oidc": "signin.oidc.corp",
}
"""Where the options of one of a kind stand."""


@dataclass(frozen=True, slots=True)
class SectionWords:
    """What a section is about, empty where nothing says, and what is said of its options by name."""

    about: str = ""
    options: dict[str, str] = field(default_factory=dict)


@cache
def shipped_words() -> Mapping[str, SectionWords]:
    """Read the file that is shipped, once; by section, as its head is written."""
    return read_words(files("tollbridge.conf").joinpath("tollbridge.toml").read_text("utf-8"))


def read_words(text: str) -> Mapping[str, SectionWords]:
    """Read the comments behind the options of a file; one goes on in lines that hold nothing else, set in below it."""
    found: dict[str, SectionWords] = {}
    section, last = SectionWords(), ""
    for line in text.splitlines():
        head, more, option = _SECTION.fullmatch(line), _MORE.fullmatch(line), _OPTION.fullmatch(line)
        if head is not None:
            section = found[head["name"]] = SectionWords((head["about"] or "").strip())
            last = ""
        elif more is not None and last:
            section.options[last] = f"{section.options[last]} {more['about'].strip()}".strip()
        elif option is not None:
            said = _COMMENT.search(option["rest"])
            last = option["name"]
            section.options[last] = "" if said is None else said["about"].strip()
        else:
            last = ""
    return found
