"""Readers of string literals, by the grammars of their languages: written apart from what writes them."""

import re


class Unreadable(ValueError):
    """It is no literal of the language."""


def read_java(literal: str) -> str:
    """Read a string literal of Java (JLS 3.3, 3.10.5, 3.10.7): escapes of Unicode first, then the others."""
    source = _java_unicode(literal)
    inner = _inside(source)
    return _pairs(_escapes(inner, {"b": "\b", "s": " ", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}, octal=True))


def read_java_block(literal: str) -> str:
    """Read a text block of Java (JLS 3.10.6)."""
    source = _java_unicode(literal)
    if not source.startswith('"""\n') or not source.endswith('"""') or len(source) < 7:
        raise Unreadable(literal)
    content = source[4:-3]
    if re.search(r'(?<!\\)(?:\\\\)*"""', content) or re.search(r'(?<!\\)(?:\\\\)*"$', content):
        raise Unreadable(literal)
    lines = content.split("\n")
    indent = min(
        len(line) - len(line.lstrip(" "))
        for number, line in enumerate(lines)
        if line.strip() or number == len(lines) - 1
    )
    stripped = "\n".join(line[indent:].rstrip(" \t") for line in lines)
    return _pairs(_escapes(stripped, {"b": "\b", "s": " ", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}, octal=True))


def read_go(literal: str) -> str:
    """Read a string literal of Go, raw or interpreted (its specification, String literals)."""
    if literal.startswith("`"):
        inner = literal[1:-1]
        if not literal.endswith("`") or "`" in inner or "\ufeff" in inner or "\0" in inner:
            raise Unreadable(literal)
        return inner.replace("\r", "")
    inner = _inside(literal)
    if "\ufeff" in inner or "\0" in inner:
        raise Unreadable(literal)
    return _escapes(inner, {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}, quotes='"')


def read_csharp(literal: str) -> str:
    """Read a string literal of C#, regular or verbatim (ECMA-334, 6.4.5.6)."""
    if literal.startswith('@"'):
        inner = literal[2:-1]
        if not literal.endswith('"') or '"' in inner.replace('""', ""):
            raise Unreadable(literal)
        return inner.replace('""', '"')
    inner = _inside(literal)
    if re.search("[\x85\u2028\u2029]", inner):
        raise Unreadable(literal)  # they end a line
    return _pairs(
        _escapes(inner, {"0": "\0", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"})
    )


def _inside(literal: str) -> str:
    """Give what is between the quotes; no bare quote and no end of a line may be there."""
    inner = literal[1:-1]
    bare = re.sub(r"\\.", "", inner, flags=re.DOTALL)
    if (
        len(literal) < 2
        or literal[0] != '"'
        or literal[-1] != '"'
        or re.search(r'["\n\r]', bare)
        or bare.endswith("\\")
    ):
        raise Unreadable(literal)
    return inner


def _java_unicode(source: str) -> str:
    """Translate escapes of Unicode, as a compiler of Java does before it reads anything else."""
    return re.sub(r"((?<!\\)(?:\\\\)*)\\u+([0-9a-fA-F]{4})", lambda found: found[1] + chr(int(found[2], 16)), source)


def _escapes(inner: str, simple: dict[str, str], *, octal: bool = False, quotes: str = "\"'") -> str:
    def one(found: re.Match[str]) -> str:
        said = found[1]
        if said[0] in "uU" and not octal:
            code = int(said[1:], 16)
            if code > 0x10FFFF:
                raise Unreadable(inner)
            return chr(code)
        if octal and said[0] in "01234567":
            return chr(int(said, 8))
        if said in simple:
            return simple[said]
        if said == "\\" or said in quotes:
            return said
        raise Unreadable(inner)

    numbers = "[0-3]?[0-7]{1,2}|" if octal else "u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|"
    return re.sub(rf"\\({numbers}.)", one, inner, flags=re.DOTALL)


def _pairs(units: str) -> str:
    """Join the halves of surrogate pairs, as a language does whose texts are UTF-16."""
    return units.encode("utf-16", "surrogatepass").decode("utf-16")
