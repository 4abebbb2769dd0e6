"""`[policies.masking]`: personal data in answers is masked, one way."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from tollbridge import BadRequest, Call, Denied, ResponseHead
from tollbridge_masking.answers import Masker, masker_of
from tollbridge_masking.fields import Fields
from tollbridge_masking.finder import KINDS, Finder
from tollbridge_masking.mediatypes import check_pattern
from tollbridge_masking.refusing import AnswerNotMasked

LEVELS = ("partial", "full")
MOST = 200
LONGEST = 100

_STATE = "masking"


@dataclass(frozen=True, slots=True)
class Masking:
    """Masks what `finds` and `words` say in texts and in the strings of JSON, and all of the members `fields`.

    `level` says whether enough stays to recognise it, or nothing. Answers of `pass_types` are passed as they are; one
    that is neither these nor text nor JSON is refused, and so is one that cannot be read.
    """

    pure: ClassVar[bool] = True
    for_services: ClassVar[bool] = True

    level: str = "partial"
    finds: tuple[str, ...] = ("email", "phone", "card", "iban")
    fields: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    pass_types: tuple[str, ...] = ("image/*", "audio/*", "video/*", "font/*")
    _finder: Finder = field(init=False, repr=False, compare=False)
    _fields: Fields = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the options; raises `ValueError`."""
        if self.level not in LEVELS:
            raise ValueError(f"there is no level {self.level[:LONGEST]!r}; known: {', '.join(LEVELS)}")
        for name in self.finds:
            if name not in KINDS:
                raise ValueError(f"{name[:LONGEST]!r} cannot be found; known: {', '.join(sorted(KINDS))}")
        if not (self.finds or self.fields or self.words):
            raise ValueError("nothing would be masked; name something in finds, fields or words")
        for option in ("fields", "words", "pass_types"):
            _check_texts(option, getattr(self, option))
        for path in self.fields:
            _check_path(path)
        for word in self.words:
            if not (_is_of_word(word[0]) and _is_of_word(word[-1])):
                raise ValueError(f"the word {word!r} must begin and end with a letter or a digit")
        for pattern in self.pass_types:
            check_pattern(pattern)
        object.__setattr__(self, "_finder", Finder(full=self.level == "full", finds=self.finds, words=self.words))
        object.__setattr__(self, "_fields", Fields(self.fields))

    async def head(self, call: Call) -> None:
        """Refuse a WebSocket: what is said there is not masked."""
        if call.protocol != "http":
            raise Denied(
                "what is sent over a WebSocket cannot be masked, so it is not served", code="answer_not_masked"
            )

    async def body(self, call: Call) -> None:
        """Refuse to ask a model for a stream, before it costs anything."""
        if call.stream:
            raise BadRequest("answers are masked here, which a stream cannot be; ask without stream", param="stream")

    async def response_head(self, call: Call, head: ResponseHead) -> None:
        """Find out how this answer is masked, and take back what its headers say of other bytes."""
        maskers: dict[int, Masker] = call.state.setdefault(_STATE, {})
        maskers[id(self)] = masker_of(call.method, head, self._finder, self._fields, self.pass_types)

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        """Mask a piece of the answer."""
        masker = call.state.get(_STATE, {}).get(id(self))
        if masker is None:
            raise AnswerNotMasked("this answer came without a head, so it cannot be masked")
        pieces: list[bytes] = masker.feed(chunk)
        return pieces


def counts_of(call: Call) -> Counter[str]:
    """Give what was masked in the answer of a call, by what it was."""
    counts: Counter[str] = Counter()
    maskers: Iterable[Masker] = call.state.get(_STATE, {}).values()
    for masker in maskers:
        counts.update(masker.counts)
    return counts


def _check_texts(option: str, texts: Sequence[str]) -> None:
    if len(texts) > MOST:
        raise ValueError(f"{option} has {len(texts)} entries; {MOST} at most")
    if any(not 0 < len(text) <= LONGEST for text in texts):
        raise ValueError(f"each entry of {option} must be 1 to {LONGEST} characters")


def _check_path(path: str) -> None:
    names = path.split(".")
    if not all(names) or not all("*" not in name or name == "*" for name in names):
        raise ValueError(f"the field {path!r} must be names of members with dots between them; * is any one name")
    if all(name == "*" for name in names):
        raise ValueError(f"the field {path!r} would mask everything; name a member")


def _is_of_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"
