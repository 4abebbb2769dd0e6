"""Finding what is masked in a text, and what is written in its place."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tollbridge_masking.addresses import find_emails, find_ips, mask_email, mask_ip
from tollbridge_masking.numbers import find_cards, find_ibans, mask_card, mask_iban
from tollbridge_masking.phones import find_phones, mask_phone
from tollbridge_masking.spans import Find


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that is looked for; what matches `hint` is in every text that holds one, and found fast."""

    find: Find
    partly: Callable[[str], str]
    hint: re.Pattern[str]


KINDS: Mapping[str, Kind] = {
    "email": Kind(find_emails, mask_email, re.compile("@")),
    "card": Kind(find_cards, mask_card, re.compile(r"[2-6][0-9]{3}(?:[0-9]{8}|[ \u00a0-][0-9]{4})")),
    "iban": Kind(find_ibans, mask_iban, re.compile(r"[0-9]{2}(?<=[A-Za-z]{2}[0-9]{2})[ \u00a0-]?[A-Za-z0-9]{4}")),
    "phone": Kind(
        find_phones,
        mask_phone,
        re.compile(
            r"[+(][0-9]|[0-9](?:(?<=0)(?:0[1-9]|[1-9](?:[0-9]{1,3}[ \u00a0/-]|[ \u00a0.-][0-9]{2}[ \u00a0.-]))"
            r"|[0-9]{2}[ \u00a0.-][0-9]{3}[ \u00a0.-])"
        ),
    ),
    "ip": Kind(find_ips, mask_ip, re.compile(r"[0-9]\.[0-9]|:")),
}
"""Those that begin at the same place and are as long are the first of these."""

Mask = tuple[int, int, str]
"""From where to where a text is masked, and what is written there: letters, digits, and what stood between them.

There is never a quote, a backslash or a control character in it, so it may stand in a JSON string as it is.
"""


class Finder:
    """Masks what it finds.  `full` leaves nothing of it; `finds` are names of `KINDS`."""

    def __init__(self, *, full: bool, finds: Sequence[str], words: Sequence[str] = ()) -> None:
        self._full = full
        self._kinds = [(name, kind) for name, kind in KINDS.items() if name in finds]
        self._words = _pattern(words) if words else None
        signs = ("@" if "email" in finds else "") + ("0-9" if set(finds) - {"email"} else "")
        self._sign = re.compile(f"[{signs}]") if signs else None

    def may_hold(self, text: str) -> bool:
        """Whether there may be anything to find, told fast."""
        return self._words is not None or (self._sign is not None and self._sign.search(text) is not None)

    def masks(self, text: str, start: int, stop: int, counts: Counter[str], *, masked: int = 0) -> list[Mask]:
        """Give the masks that begin in this part of a text, in order, none within another; counts them.

        What lies before `masked` is masked already.
        """
        found = sorted(self._found(text, start, stop))
        masks = []
        for begin, end, _, name in found:
            end = -end
            if end > masked:
                shown = text[begin:end]
                masks.append((max(begin, masked), end, f"[{name}]" if self._full else self._partly(name, shown)))
                counts[name] += 1
                masked = end
        return masks

    def _partly(self, name: str, shown: str) -> str:
        return KINDS[name].partly(shown) if name in KINDS else f"{shown[0]}***"

    def _found(self, text: str, start: int, stop: int) -> Iterator[tuple[int, int, int, str]]:
        """Give all matches, the longer of two that begin together first when they are sorted."""
        for place, (name, kind) in enumerate(self._kinds):
            if kind.hint.search(text) is None:
                continue
            for begin, end in kind.find(text, start, stop):
                yield begin, -end, place, name
        if self._words is not None:
            for found in self._words.finditer(folded(text), start):
                if found.start() >= stop:
                    return
                yield found.start(), -found.end(1), len(self._kinds), "word"


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    """Write what finds these very words; it looks no further behind a place than the longest of them is long."""
    longest_first = sorted({folded(word) for word in words}, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<!\w)(?=({'|'.join(map(re.escape, longest_first))})(?!\w))")


def folded(text: str) -> str:
    """Give a text in small letters, each at the place that it had."""
    small = text.lower()
    if len(small) != len(text):
        small = "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)
    return small.replace("ς", "σ")  # which of the two a letter becomes depends on what is behind it
