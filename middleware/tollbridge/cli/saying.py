"""What refusals say, in the words of commands: the admin API says what to send it, a command what to type."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tollbridge.errors import GatewayError, SetupError

_TYPED = (
    (re.compile(r"\boverlap_s: 0(?![\w.])"), "--overlap now"),
    (re.compile(r"\ballow_private: true\b"), "--private"),
    (re.compile(r"\bPATCH /clients/(\w+)"), r"tollbridge client edit \1"),
)


def typed(said: str) -> str:
    """Give a sentence of the API with the options and commands that stand for what it names."""
    for pattern, words in _TYPED:
        said = pattern.sub(words, said)
    return said


@contextmanager
def refusals_typed() -> Iterator[None]:
    """Have what is refused within say it so."""
    try:
        yield
    except SetupError as exc:
        exc.args = tuple(typed(said) if isinstance(said, str) else said for said in exc.args)
        raise
    except GatewayError as exc:
        exc.message = typed(exc.message)
        raise
