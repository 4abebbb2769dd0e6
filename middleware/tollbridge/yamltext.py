"""YAML into plain values: the part of it that JSON has too.  And back.

Scalars are read by the core schema of YAML 1.2 (yaml.org/spec/1.2.2, 10.3.2), so `no` and `2024-01-01` are texts. Keys
are always texts, as in JSON. PyYAML's parser in C gives events, and a stack here makes values of them: its own
composing calls itself for each level, and its constructing knows tags. An alias is the same object as what it names, so
that reading stays linear; whoever walks the result counts it each time.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types of its own

DEEPEST = 100
"""Levels of a document."""
MOST_MERGED = 100_000
"""Fields that merge keys bring into one text."""
_SHOWN = 100

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOST_DIGITS = 400

_NO_KEY = object()
_MERGE = object()
_NOT_PLAIN = re.compile(
    r"[-+]?[0-9.].*|0[ox].*|[-+]?\.(?:inf|nan)|~|null|true|false|yes|no|on|off|y|n|=|<<|", re.IGNORECASE
)
_BLANK_AT_END = re.compile(r" (?:\n|\Z)")
_WIDTH = 120


class BadYaml(ValueError):
    """A text is no YAML, or more of it than is read."""


class _Frame:
    """A mapping or a sequence that is being filled."""

    __slots__ = ("anchor", "key", "merged", "value")

    def __init__(self, value: dict[str, Any] | list[Any], anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: Any = _NO_KEY
        self.merged: list[Mapping[str, Any]] = []


class _Building:
    """Makes one value of the events of a document."""

    def __init__(self, *, merges: bool, left: int) -> None:
        self._merges = merges
        self.left = left
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Any] = {}
        self.root: Any = None

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._start(event, {} if kind is yaml.MappingStartEvent else [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = self._stack.pop()
            self._merge(event, frame)
            self._put(event, frame.value, frame.anchor)
        elif kind is yaml.AliasEvent:
            if event.anchor not in self._anchors:
                raise _bad(event, f"the alias {_shown('*' + event.anchor)} names nothing that is complete before it")
            if self._wants_key():
                raise _bad(event, "a key cannot be an alias; write it out")
            self._put(event, self._anchors[event.anchor], None)

    def _start(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        if event.tag is not None:
            raise _bad(event, f"the tag {_shown(event.tag)} is not read; leave it out")
        if self._wants_key():
            raise _bad(event, "a key must be a text")
        if len(self._stack) >= DEEPEST:
            raise _bad(event, f"the document is over {DEEPEST} levels deep")
        self._stack.append(_Frame(value, event.anchor))

    def _scalar(self, event: Any) -> None:
        if event.tag is not None:
            raise _bad(event, f"the tag {_shown(event.tag)} is not read; leave it out or put the value in quotes")
        if not self._wants_key():
            self._put(event, event.value if event.style else _plain(event), event.anchor)
            return
        frame, key = self._stack[-1], event.value
        if key == "<<" and not event.style:
            if not self._merges:
                raise _bad(event, "the merge key << is not part of YAML 1.2; write its fields out")
            frame.key = _MERGE
            return
        if key in frame.value:
            raise _bad(event, f"the key {_shown(key)} is there twice")
        frame.key = key
        if event.anchor is not None:
            self._anchors[event.anchor] = key

    def _wants_key(self) -> bool:
        return bool(self._stack) and type(self._stack[-1].value) is dict and self._stack[-1].key is _NO_KEY

    def _put(self, event: Any, value: Any, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = value
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
            return
        if frame.key is _MERGE:
            many = value if isinstance(value, list) else [value]
            if not all(isinstance(one, dict) for one in many):
                raise _bad(event, "what << brings is a mapping, or a list of them")
            frame.merged += many
        else:
            frame.value[frame.key] = value
        frame.key = _NO_KEY

    def _merge(self, event: Any, frame: _Frame) -> None:
        """Bring the fields of merge keys, the first that has one; what is written out goes before all of them."""
        for fields in frame.merged:
            self.left -= len(fields)
            if self.left < 0:
                raise _bad(event, f"merge keys bring over {MOST_MERGED:,} fields")
            for key, value in fields.items():
                frame.value.setdefault(key, value)  # type: ignore[union-attr]  # only a mapping has them


def read_yaml(text: str) -> Any:
    """Read one document, None where there is none; raises `BadYaml`.

    What it gives may share parts, and must not be changed.
    """
    found = [value for value, _ in _documents(text, merges=False, most=1)]
    return found[0] if found else None


def read_documents(text: str, *, most: int = 1, merges: bool = False) -> list[tuple[Any, int]]:
    """Read up to `most` documents, each with the line it begins in, as `read_yaml`; raises `BadYaml`.

    With `merges`, `<<` brings the fields of other mappings (yaml.org/type/merge.html).
    """
    return list(_documents(text, merges=merges, most=most))


def write_yaml(value: Any) -> str:
    """Write plain values as YAML that readers of 1.1 and of 1.2 read alike, without aliases."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def _documents(text: str, *, merges: bool, most: int) -> Iterator[tuple[Any, int]]:
    documents, line = 0, 1
    building = _Building(merges=merges, left=MOST_MERGED)
    try:
        loader = yaml.CSafeLoader(text)
        while loader.check_event():
            event = loader.get_event()
            if type(event) is yaml.DocumentStartEvent:
                documents += 1
                if documents > most:
                    raise _bad(event, "the text holds more than one document" if most == 1 else _many(most))
                building, line = _Building(merges=merges, left=building.left), event.start_mark.line + 1
            building.take(event)
            if type(event) is yaml.DocumentEndEvent:
                yield building.root, line
    except yaml.YAMLError as exc:
        raise BadYaml(f"this is no YAML: {_reason(exc)}") from None


def _many(most: int) -> str:
    return f"the text holds over {most} documents"


def _plain(event: Any) -> Any:
    """Read a scalar without quotes."""
    text: str = event.value
    if text in _WORDS:
        return _WORDS[text]
    if not (text[0] in "+-." or text[0].isdigit()):
        return text
    for pattern, base in ((_DECIMAL, 10), (_OCTAL, 8), (_HEX, 16)):
        if pattern.fullmatch(text):
            if len(text) > _MOST_DIGITS:
                raise _bad(event, f"a number has over {_MOST_DIGITS} digits")
            return int(text, 0 if base != 10 else 10)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NO_NUMBER.fullmatch(text):
        raise _bad(event, f"{text} is no number of JSON; put it in quotes if it is a text")
    return text


def _reason(exc: yaml.YAMLError) -> str:
    mark, problem = getattr(exc, "problem_mark", None), getattr(exc, "problem", None)
    if not problem:
        return "it holds a character that YAML does not allow"
    context = getattr(exc, "context", None)
    words = f"{context}, {problem}" if context else str(problem)
    return words if mark is None else f"{words} (line {mark.line + 1}, column {mark.column + 1})"


def _bad(event: Any, sentence: str) -> BadYaml:
    mark = event.start_mark
    return BadYaml(f"{sentence} (line {mark.line + 1}, column {mark.column + 1})")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


class _Dumper(yaml.CSafeDumper):  # type: ignore[misc]  # it has no types of its own
    """Writes texts in quotes that some reader would take for something else, long ones line by line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = '"' if _NOT_PLAIN.fullmatch(value) or not value.isprintable() else None
    if _fits_lines(value):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _fits_lines(value: str) -> bool:
    """Whether lines can stand as they are: none ends with a blank, and the first begins with none."""
    return (
        "\n" in value
        and value[0] not in " \n"
        and value.replace("\n", "").isprintable()
        and not _BLANK_AT_END.search(value)
    )


_Dumper.add_representer(str, _text)
