"""Texts as literals of each language: what its reader reads back is the text, and nothing of it is invisible here.

What a screen would not show (controls, marks of direction, odd blanks) is escaped, so no code hides behind it. Half a
surrogate pair is refused before; see `called.check_text`.
"""

import re
import shlex
from collections.abc import Callable

Literal = Callable[[str], str]
"""Writes a text as a literal."""

_COMMON = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def python(text: str) -> str:
    """Write a literal of Python."""
    return _quoted(text, lambda code: f"\\x{code:02x}" if code < 0x100 else _long(code))


def go(text: str) -> str:
    """Write an interpreted string literal of Go."""
    return _quoted(text, _long)


def csharp(text: str) -> str:
    r"""Write a regular string literal of C#: never `\x`, which would take in the digits that follow."""
    return _quoted(text, _long)


def toml(text: str) -> str:
    """Write a basic string of TOML."""
    return _quoted(text, _long)


def javascript(text: str) -> str:
    """Write a literal of JavaScript, in UTF-16's units where it escapes."""
    return _quoted(text, _units)


def java(text: str) -> str:
    r"""Write a literal of Java.

    Its compiler reads `\u0022` before it reads literals, as if a quote stood there: controls are written in octal.
    """
    return _quoted(text, lambda code: f"\\{code:03o}" if code < 0x80 else _units(code))


def shell(text: str) -> str:
    """Write a word of a POSIX shell.  A NUL has no place in one: raises `ValueError`."""
    if "\0" in text:
        raise ValueError("a shell takes no NUL")
    return shlex.quote(text)


def java_block(text: str, indent: str) -> str:
    """Write visible lines as a text block of Java (15 and newer), the last one without an end.

    Its compiler takes blanks away from the ends of lines and those before all of them: let the text have none.
    """
    lines = re.sub(r'"(?=""|\Z)', r"\"", text.replace("\\", "\\\\")).split("\n")
    return '"""\n' + "\n".join(f"{indent}{line}" for line in lines) + '"""'


def go_raw(text: str) -> str:
    """Write a visible text without backticks as a raw literal of Go."""
    return f"`{text}`"


def csharp_verbatim(text: str) -> str:
    """Write a visible text as a verbatim literal of C#."""
    return '@"' + text.replace('"', '""') + '"'


def _quoted(text: str, escape: Callable[[int], str]) -> str:
    signs = [_COMMON.get(sign) or (sign if sign.isprintable() else escape(ord(sign))) for sign in text]
    return f'"{"".join(signs)}"'


def _long(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _units(code: int) -> str:
    pair = chr(code).encode("utf-16-be")
    return "".join(f"\\u{pair[at]:02x}{pair[at + 1]:02x}" for at in range(0, len(pair), 2))
