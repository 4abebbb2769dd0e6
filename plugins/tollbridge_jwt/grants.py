"""What the callers of an issuer may do and what they are called, from the claims of their tokens."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tollbridge import Principal, ScopeSet, parse_scope

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """The options of an issuer that say what a claim gives.

    Every caller has `scopes`. `scopes_claim` names a claim that is a list, or a text with spaces: each of its values
    gives what `scope_map` says of it, else itself, if it is a scope of ours behind `scope_prefix`. A value that is none
    gives nothing, and one of `admin:` gives nothing by itself. A claim inside another is named with a dot. A team or an
    owner that is not as it came, for it is too long or not all of it shows, is none; a name is mended.
    """

    scopes: tuple[str, ...] = ()
    scopes_claim: str = "scope"
    scope_map: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scope_prefix: str = ""
    team_claim: str = ""
    owner_claim: str = ""
    name_claim: str = ""

    def __post_init__(self) -> None:
        for scope in (*self.scopes, *(scope for given in self.scope_map.values() for scope in given)):
            parse_scope(scope)

    def principal(self, id: str, claims: Mapping[str, Any], leeway_s: float = 0.0) -> Principal:
        """Make the principal of a caller whose claims were verified, until `exp` and `leeway_s` seconds more."""
        ends = claims.get("exp")
        return Principal(
            id=id,
            name=_text(claims, self.name_claim) or id,
            scopes=_scope_set(tuple(dict.fromkeys((*self.scopes, *self._granted(claims))))),
            owner=_word(claims, self.owner_claim),
            team=_word(claims, self.team_claim),
            ends_s=None if ends is None else ends + leeway_s,
        )

    def _granted(self, claims: Mapping[str, Any]) -> Iterator[str]:
        given = _claim(claims, self.scopes_claim)
        for value in given.split(" ") if isinstance(given, str) else given if isinstance(given, list) else ():
            if not isinstance(value, str):
                continue
            if value in self.scope_map:
                yield from self.scope_map[value]
            elif value.startswith(self.scope_prefix):
                yield from _own(value.removeprefix(self.scope_prefix))


def _own(value: str) -> tuple[str, ...]:
    """Give a value if it is a scope of ours that an issuer may hand out by itself."""
    try:
        return () if value.startswith("admin:") else (parse_scope(value),)
    except ValueError:
        return ()


@lru_cache(maxsize=1024)
def _scope_set(scopes: tuple[str, ...]) -> ScopeSet:
    """Make a set, which remembers its answers, once for all tokens alike."""
    return ScopeSet(scopes)


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Find a claim by its name, else by its path: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _word(claims: Mapping[str, Any], name: str) -> str:
    """Give a claim that says whose a caller is; empty for one that would have to be mended, for it may be another's."""
    found = _text(claims, name)
    return found if found == _claim(claims, name) else ""


def _text(claims: Mapping[str, Any], name: str) -> str:
    """Give a claim that is a text, on one line and cut; empty for any other."""
    found = _claim(claims, name) if name else ""
    if not isinstance(found, str):
        return ""
    return "".join(char for char in found[:_LONGEST_NAME] if char.isprintable()).strip()
