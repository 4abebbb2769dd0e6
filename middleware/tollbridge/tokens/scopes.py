"""The scope grammar and its matching, pure.

    ai:<operation>                  ai:chat, ai:embeddings, ai:*
    model:<glob>                    model:gpt-4o-mini, model:openai/*, model:*
    service:<name>:<operation>      service:shop:GET:/orders/{id}, service:shop:GET:*, service:*
    admin:<area>:<read or write>    admin:tokens:read, admin:*

In a granted scope `*` stands for any text, also none, and `admin:<area>:write` includes `read`. A scope holds no space
and only visible ASCII but `"` and `\\` (the scope-token of RFC 6749 section 3.3), so a list of them is written with
spaces between.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

KINDS = ("ai", "model", "service", "admin")
EVERY_MODEL = ("ai:*", "model:*")
"""What a token may do when nothing else was said: call every model, and nothing else."""

_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_AI = re.compile(r"[a-z0-9_.\-]*\*?|\*")
_ADMIN = re.compile(r"\*|[a-z0-9_\-]+:(read|write|\*)")
_LONGEST = 256
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


class ScopeSet:
    """The scopes of one token, immutable; `needed in scopes` asks whether any of them includes it."""

    __slots__ = ("_answers", "_exact", "_globs", "scopes")

    def __init__(self, scopes: Iterable[str] = ()) -> None:
        self.scopes = tuple(scopes)
        self._exact = frozenset(self.scopes)
        self._globs = tuple(s for s in self.scopes if "*" in s or s.endswith(":write"))
        self._answers: dict[object, bool] = {}

    def __contains__(self, needed: object) -> bool:
        answer = self._answers.get(needed)
        if answer is None:
            answer = needed in self._exact or (
                isinstance(needed, str) and any(covers(granted, needed) for granted in self._globs)
            )
            if isinstance(needed, str) and len(needed) <= _LONGEST:
                if len(self._answers) >= _MOST_ANSWERS:
                    self._answers.clear()
                self._answers[needed] = answer
        return answer

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScopeSet) and self._exact == other._exact

    def __hash__(self) -> int:
        return hash(self._exact)

    def __repr__(self) -> str:
        return f"ScopeSet({' '.join(self.scopes)!r})"


@lru_cache(maxsize=4096)
def scope_set(text: str) -> ScopeSet:
    """Read the space-separated form a store keeps.  A pure function of the text, so its result may be shared."""
    return ScopeSet(text.split())
