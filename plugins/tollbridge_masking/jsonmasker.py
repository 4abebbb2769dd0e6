"""Masking JSON that comes in pieces, in the memory of one string.

It is read by its grammar (RFC 8259), since what is a string to one reader and none to another could hide something. All
but the masks passes as it was written.
"""

import codecs
import re
from collections import Counter
from io import StringIO

from tollbridge_masking.fields import Fields
from tollbridge_masking.finder import Finder
from tollbridge_masking.jsonstrings import INSIDE, LONGEST, LONGEST_NAME, is_opaque, masked, said
from tollbridge_masking.refusing import AnswerNotMasked

DEEPEST = 10_000
LONGEST_WORD = 1_000
"""How many characters of a number are held at most; those that are read are shorter."""

_BLANK = r"[ \t\r\n]*+"
_NUMBER = r"-?(?:0|[1-9][0-9]{0,300}+)(?>(?:\.[0-9]{1,300}+)?)(?>(?:[eE][+-]?[0-9]{1,20}+)?)"
_SCALAR = rf"(?:{_NUMBER}|true|false|null)"
_VALUE = rf'(?P<value>"(?P<text>{INSIDE})"|{_SCALAR})'
_MEMBER = re.compile(rf'{_BLANK}"(?P<name>{INSIDE})"{_BLANK}:{_BLANK}{_VALUE}{_BLANK}(?P<end>[,}}])')
_ITEM = re.compile(rf"{_BLANK}{_VALUE}{_BLANK}(?P<end>[,\]])")
_SCALARS = re.compile(rf"(?>(?:{_BLANK}{_SCALAR}{_BLANK},)*)")
_OPENED = re.compile(rf'{_BLANK}(?>(?:"(?P<name>{INSIDE})"{_BLANK}:{_BLANK})?)(?P<bracket>[{{\[])')
_BLANKS = re.compile(_BLANK)
_PART = re.compile(INSIDE)
_WORD = re.compile(r"[-+.0-9A-Za-z]*+")
_WHOLE_WORD = re.compile(_SCALAR)
_ESCAPE_BEGUN = re.compile(r"\\(?:u[0-9A-Fa-f]{0,3})?")

_ANY, _FIRST, _NAME, _FIRST_NAME, _COLON, _MORE = range(6)
"""What may come: a value; one or `]`; a name; one or `}`; `:`; `,` or an end."""
_MASK = '"***"'


class JsonMasker:
    """Masks one JSON text, or with `many` any number of them, as in NDJSON.

    Raises `AnswerNotMasked` for what is no JSON, for a text that is nested deeper than `DEEPEST`, and for a string over
    `LONGEST` that is not opaque.
    """

    def __init__(self, finder: Finder, fields: Fields, *, many: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self._finder = finder
        self._fields = fields
        self._many = many
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._begun = False
        self._held = ""
        self._out: list[str] = []
        self._told = 0  # what of the data lies before this was given, or is not to be
        self._wanted = _ANY
        self._ends: list[str] = []  # of what is open; "." before it where that has a name
        self._names: list[str] = []
        self._name = ""
        self._hidden = -1  # how deep the member is that is masked whole
        self._string: StringIO | None = None
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes, none at the end; gives what is masked."""
        try:
            data = self._held + self._decoder.decode(chunk, not chunk)
        except UnicodeDecodeError:
            raise _broken() from None
        self._told = 0
        begin = 0
        if data and not self._begun:
            self._begun = True
            begin = int(data[0] == "\ufeff")
        place = self._read(data, begin, ended=not chunk)
        if self._hidden < 0:
            self._out.append(data[self._told : place])
        self._held = data[place:]
        if not chunk and (self._held or self._ends or self._string is not None):
            raise _broken()
        masked, self._out = "".join(self._out).encode(), []
        return [masked] if masked else []

    def _read(self, data: str, place: int, *, ended: bool) -> int:
        """Read on; gives where begins what is not whole yet."""
        while True:
            if self._string is not None:
                place = self._read_string(data, place)
                if self._string is not None:
                    return place
            place = self._skip(data, self._read_run(data, place))
            if place == len(data):
                return place
            sign = data[place]
            if sign == '"':
                place = self._begin_string(data, place)
            elif sign in "{[":
                place = self._open(data, place)
            elif sign in "}]":
                place = self._close(data, place)
            elif sign in ",:":
                place = self._part(sign, place)
            else:
                end = self._word_end(data, place)
                if end == len(data) and not ended:
                    return place
                place = self._read_word(data, place, end)

    def _skip(self, data: str, place: int) -> int:
        found = _BLANKS.match(data, place)
        return place if found is None else found.end()

    def _read_run(self, data: str, place: int) -> int:
        """Read members and items as long as each is whole: most are, and it is much faster."""
        while self._ends:
            named = self._ends[-1][-1] == "}"
            if self._wanted not in ((_NAME, _FIRST_NAME) if named else (_ANY, _FIRST)):
                break
            if not named:
                scalars = _SCALARS.match(data, place)
                if scalars is not None and scalars.end() > place:
                    place, self._wanted = scalars.end(), _ANY
            found = (_MEMBER if named else _ITEM).match(data, place)
            if found is not None:
                if self._hidden < 0:
                    self._take(data, found, named=named)
                self._wanted = _MORE
                place = self._part(",", found.end() - 1) if found["end"] == "," else self._close(data, found.end() - 1)
                continue
            found = _OPENED.match(data, place)
            if found is None or (found["name"] is None) == named:
                break
            if named:
                self._name = _name(found["name"])
                self._wanted = _ANY
            place = self._open(data, found.start("bracket"))
        return place

    def _take(self, data: str, found: re.Match[str], *, named: bool) -> None:
        """Mask a plain value that is whole."""
        if named and self._fields and self._fields.hold(_name(found["name"]), self._names):
            self._hide(data, *found.span("value"))
            return
        begin, end = found.span("text")
        if begin < 0:
            return
        written = found["text"]
        if end - begin > LONGEST:
            _check_opaque(written)
            return
        instead = masked(written, self._finder, self.counts)
        if instead is not None:
            self._out += (data[self._told : begin], instead)
            self._told = end

    def _hide(self, data: str, begin: int, end: int) -> None:
        self._out += (data[self._told : begin], _MASK)
        self._told = end
        self.counts["field"] += 1

    def _begin_value(self, data: str, place: int) -> None:
        if self._wanted == _MORE and not self._ends and self._many:
            self._wanted = _ANY
        if self._wanted not in (_ANY, _FIRST):
            raise _broken()
        if self._hidden < 0 and self._is_member() and self._fields and self._fields.hold(self._name, self._names):
            self._hide(data, place, place)
            self._hidden = len(self._ends)

    def _end_value(self, place: int) -> None:
        self._wanted = _MORE
        if self._hidden == len(self._ends):
            self._hidden = -1
            self._told = place

    def _is_member(self) -> bool:
        return bool(self._ends) and self._ends[-1][-1] == "}"

    def _open(self, data: str, place: int) -> int:
        self._begin_value(data, place)
        member = self._is_member()
        if member:
            self._names.append(self._name)
        listed = data[place] == "["
        self._ends.append(("." if member else "") + ("]" if listed else "}"))
        self._wanted = _FIRST if listed else _FIRST_NAME
        if len(self._ends) > DEEPEST:
            raise AnswerNotMasked(f"this answer is nested deeper than {DEEPEST:,} levels, so it cannot be masked")
        return place + 1

    def _close(self, data: str, place: int) -> int:
        sign = data[place]
        if (
            not self._ends
            or self._ends[-1][-1] != sign
            or self._wanted not in (_MORE, _FIRST if sign == "]" else _FIRST_NAME)
        ):
            raise _broken()
        if len(self._ends.pop()) > 1:
            self._names.pop()
        self._end_value(place + 1)
        return place + 1

    def _part(self, sign: str, place: int) -> int:
        if sign == ":" and self._wanted == _COLON:
            self._wanted = _ANY
        elif sign == "," and self._wanted == _MORE and self._ends:
            self._wanted = _NAME if self._is_member() else _ANY
        else:
            raise _broken()
        return place + 1

    def _word_end(self, data: str, place: int) -> int:
        found = _WORD.match(data, place)
        end = place if found is None else found.end()
        if not place < end <= place + LONGEST_WORD:
            raise _broken()
        return end

    def _read_word(self, data: str, place: int, end: int) -> int:
        self._begin_value(data, place)
        if _WHOLE_WORD.fullmatch(data, place, end) is None:
            raise _broken()
        self._end_value(end)
        return end

    def _begin_string(self, data: str, place: int) -> int:
        if self._wanted not in (_NAME, _FIRST_NAME):
            self._begin_value(data, place)
            if self._hidden < 0:
                self._out.append(data[self._told : place + 1])
                self._told = place + 1
        self._string = StringIO()
        self._size = 0
        return place + 1

    def _read_string(self, data: str, place: int) -> int:
        """Read on in a string; gives where it ended, or where begins an escape that is not whole yet."""
        found = _PART.match(data, place)
        end = place if found is None else found.end()
        named = self._wanted in (_NAME, _FIRST_NAME)
        if named:
            if self._size <= LONGEST_NAME:
                self._keep(data[place:end])
        elif self._hidden < 0:
            self._told = end
            self._hold(data[place:end])
        if end < len(data) and data[end] == '"':
            self._end_string(named=named)
            if named:
                self._wanted = _COLON
            else:
                self._end_value(end + 1)
            return end + 1
        if end < len(data) and _ESCAPE_BEGUN.fullmatch(data, end) is None:
            raise _broken()
        return end

    def _keep(self, part: str) -> None:
        """Keep a part of the string that is being read."""
        if self._string is not None:
            self._string.write(part)
        self._size += len(part)

    def _hold(self, part: str) -> None:
        """Hold a part of a text back, or give it where the text is opaque."""
        if self._size > LONGEST:
            _check_opaque(part, begins=False)
            self._out.append(part)
            return
        self._keep(part)
        if self._size > LONGEST and self._string is not None:
            written = self._string.getvalue()
            _check_opaque(written)
            self._out.append(written)

    def _end_string(self, *, named: bool) -> None:
        written = "" if self._string is None or self._size > LONGEST else self._string.getvalue()
        self._string = None
        if named:
            self._name = _name(written)
        elif self._hidden < 0 and written:
            self._out.append(masked(written, self._finder, self.counts) or written)


def _name(written: str) -> str:
    """Give the name of a member; one that is too long to be meant is none."""
    return said(written) if len(written) <= LONGEST_NAME else ""


def _check_opaque(written: str, *, begins: bool = True) -> None:
    if not is_opaque(written, begins=begins):
        raise AnswerNotMasked(
            f"this answer has a text of more than {LONGEST:,} characters in it, so it cannot be masked"
        )


def _broken() -> AnswerNotMasked:
    return AnswerNotMasked("this answer says to be JSON and is none that can be read, so it cannot be masked")
