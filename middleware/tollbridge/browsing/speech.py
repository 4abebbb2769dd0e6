"""What is spoken to whoever asks: the language of a request and its words, for as long as the request takes.

Templates and Python code say things by the same functions. Outside a request they give the text as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from gettext import NullTranslations

from tollbridge.browsing.tags import SOURCE


@dataclass(frozen=True, slots=True)
class Speech:
    """A language, by its tag, and its words, and the time zone that times are said in, by its IANA name."""

    language: str = SOURCE
    words: NullTranslations = field(default_factory=NullTranslations)
    zone: str = "UTC"


_ENGLISH = Speech()
_SPOKEN = ContextVar("tollbridge_speech", default=_ENGLISH)


@contextmanager
def speaking(speech: Speech) -> Iterator[None]:
    """Have everything within be said in a language."""
    token = _SPOKEN.set(speech)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def spoken() -> str:
    """Give the tag of the language that is spoken."""
    return _SPOKEN.get().language


def zone_spoken() -> str:
    """Give the name of the time zone that times are said in."""
    return _SPOKEN.get().zone


def gettext(text: str) -> str:
    """Say a text in the language that is spoken."""
    return _SPOKEN.get().words.gettext(text) if text else ""  # the empty one is a catalogue's own head


def ngettext(singular: str, plural: str, number: int) -> str:
    """Say a text that a number stands in, in the form that the number asks for."""
    return _SPOKEN.get().words.ngettext(singular, plural, number)


def pgettext(context: str, text: str) -> str:
    """Say a text that is said otherwise elsewhere; the context tells the two apart."""
    return _SPOKEN.get().words.pgettext(context, text)


def npgettext(context: str, singular: str, plural: str, number: int) -> str:
    """Say a text of a context that a number stands in."""
    return _SPOKEN.get().words.npgettext(context, singular, plural, number)


def gettext_noop(text: str) -> str:
    """Give the text as it is: it is said later by `gettext`, and marked here for translators (as `N_`)."""
    return text
