"""The scope grammar and its matching, pure.

    ai:<operation>                  ai:chat, ai:embeddings, ai:*
    model:<glob>                    model:gpt-4o-mini, model:openai/*, model:*
    service:<name>:<operation>      service:shop:GET:/orders/{id}, service:shop:GET:*, service:*
    admin:<area>:<read or write>    admin:tokens:read, admin:*

In a granted scope `*` stands for any text, also none, and `admin:<area>:write` includes `read`. A scope holds no space
and only visible ASCII but `"` and `\\` (the scope-token of RFC 6749 section 3.3), so a list of them is written with
spaces between.

A token that was minted by another is bound by it: what it may do is what all of its bounds, the scopes of those above
it, allow too. Kept as text, each bound stands on a line of its own behind the token's own scopes.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

KINDS = ("ai", "model", "service", "admin")
EVERY_MODEL = ("ai:*", "model:*")
"""What a token may do when nothing else was said: call every model, and nothing else."""
NOTHING = "-"
"""Stands for no scope at all where a text without any would mean that there is no bound."""

_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_AI = re.compile(r"[a-z0-9_.\-]*\*?|\*")
_ADMIN = re.compile(r"\*|[a-z0-9_\-]+:(read|write|\*)")
_LONGEST = 256
_ANY = "\0"
_MOST_ANSWERS = 64
"""Questions each set of scopes remembers: callers may ask for models that do not exist."""


def parse_scope(text: str) -> str:
    """Check one granted scope and give it back; raises `ValueError` saying what is wrong with it."""
    if len(text) > _LONGEST or not _TOKEN.fullmatch(text):
        raise ValueError(
            f"{text[:40]!r} is no scope: visible ASCII without spaces and quotes, at most {_LONGEST} characters"
        )
    kind, colon, rest = text.partition(":")
    if kind not in KINDS or not colon or not rest:
        raise ValueError(f"{text!r} is no scope: it starts with one of {', '.join(k + ':' for k in KINDS)}")
    if kind == "ai" and not _AI.fullmatch(rest):
        raise ValueError(f"{text!r} is no scope: ai:<operation>, such as ai:chat or ai:*")
    if kind == "admin" and not _ADMIN.fullmatch(rest):
        raise ValueError(f"{text!r} is no scope: admin:<area>:read or admin:<area>:write, such as admin:tokens:read")
    return text


@lru_cache(maxsize=4096)
def _pattern(glob: str) -> re.Pattern[str]:
    """Compile a glob that holds a `*`.  Atomic groups take each part where it comes first, so no two places are tried.

    With a plain `.*` a few stars and a model's name of sixty letters take a second.
    """
    first, *middle, last = map(re.escape, glob.split("*"))
    return re.compile(first + "".join(f"(?>.*?{part})" for part in middle) + ".*" + last, re.DOTALL)


def covers(granted: str, needed: str) -> bool:
    """Whether one granted scope includes the needed one, which holds no wildcard of its own meaning."""
    if granted == needed:
        return True
    if "*" in granted and _pattern(granted).fullmatch(needed):
        return True
    if granted.startswith("admin:") and granted.endswith(":write") and needed.endswith(":read"):
        return granted.removesuffix("write") == needed.removesuffix("read")
    return False


def includes(granted: str, asked: str) -> bool:
    """Whether whatever the asked scope covers, the granted one covers too.

    A `*` of the asked one is put to the granted one as a letter that stands in no scope: only a `*` can take it, and
    that takes any text.
    """
    kind, _, area = asked.partition(":")
    if kind == "admin" and area.endswith(":*"):
        asked = f"{asked[:-1]}write"  # of an area there is nothing beyond write
    return covers(granted, asked.replace("*", _ANY))


def _touches(granted: str, beginning: str) -> bool:
    known, star, _ = granted.partition("*")
    return known.startswith(beginning) or (bool(star) and beginning.startswith(known))


class ScopeSet:
    """The scopes of one token, immutable; `needed in scopes` asks whether any of them includes it.

    `bounds` are those of whoever is above it, nearest first: each must include it too.
    """

    __slots__ = ("_answers", "_exact", "_globs", "bounds", "scopes")

    def __init__(self, scopes: Iterable[str] = (), bounds: "Iterable[ScopeSet]" = ()) -> None:
        self.scopes = tuple(scopes)
        self.bounds = tuple(bounds)
        self._exact = frozenset(self.scopes)
        self._globs = tuple(s for s in self.scopes if "*" in s or s.endswith(":write"))
        self._answers: dict[object, bool] = {}

    def __contains__(self, needed: object) -> bool:
        answer = self._answers.get(needed)
        if answer is None:
            answer = needed in self._exact or (
                isinstance(needed, str) and any(covers(granted, needed) for granted in self._globs)
            )
            answer = answer and all(needed in bound for bound in self.bounds)
            if isinstance(needed, str) and len(needed) <= _LONGEST:
                if len(self._answers) >= _MOST_ANSWERS:
                    self._answers.clear()
                self._answers[needed] = answer
        return answer

    def sure(self) -> tuple[str, ...]:
        """Give scopes of this set and its bounds that all of them include: for who cannot be told of bounds."""
        groups = (self, *self.bounds)
        said = dict.fromkeys(scope for group in groups for scope in group.scopes)
        return tuple(one for one in said if self._reaches(one))

    def lacking(self, asked: Iterable[str]) -> tuple[str, ...]:
        """Give those of some scopes, which may hold wildcards, that reach beyond this set or any of its bounds."""
        return tuple(one for one in asked if not self._reaches(one))

    def touches(self, beginning: str) -> bool:
        """Whether a scope of this set, and one of each bound, can include some text that begins so."""
        return any(_touches(granted, beginning) for granted in self.scopes) and all(
            bound.touches(beginning) for bound in self.bounds
        )

    def _reaches(self, asked: str) -> bool:
        return any(includes(granted, asked) for granted in self.scopes) and all(
            bound._reaches(asked) for bound in self.bounds
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScopeSet) and self._exact == other._exact and self.bounds == other.bounds

    def __hash__(self) -> int:
        return hash(self._exact)

    def __repr__(self) -> str:
        within = f" within {' within '.join(' '.join(bound.scopes) for bound in self.bounds)}" if self.bounds else ""
        return f"ScopeSet({' '.join(self.scopes) + within!r})"


@lru_cache(maxsize=4096)
def scope_set(text: str) -> ScopeSet:
    """Read the form a store keeps: scopes with spaces between, each bound on a line of its own.

    A pure function of the text, so its result may be shared.
    """
    own, *bounds = text.split("\n")
    return ScopeSet(own.split(), [ScopeSet(bound.split()) for bound in bounds])
