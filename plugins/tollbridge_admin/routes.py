"""What the API offers, said once: the same declarations are answered, guarded and described."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from tollbridge import Call, NotFound, PluginError, parse_scope
from tollbridge.administering import SERVICE_SLUG, SLUG, STORED_NAME, MethodNotAllowed
from tollbridge.formats import Operation
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.bodies import SMALL, BodyBounds

ANY_TOKEN = "any token"
"""Said in place of a scope by a route that is open to every valid token."""
ANYBODY = "no token"
"""The same by a route that is open to everybody.  Its path has no names in it."""
ANY_OR_NONE = "any token or none"
"""The same by a route that is open to everybody, and shows each caller with a token what is theirs."""
_UNSCOPED = (ANY_TOKEN, ANYBODY, ANY_OR_NONE)

GET, HEAD = "GET", "HEAD"

_NAME = re.compile(r"\{(\w+)\}")
ID = "[a-z]{1,12}_[0-9A-Za-z_-]{1,64}"
"""How an id looks, so that no word of a path is taken for one."""
PATTERNS = {
    **{"id": ID, "name": SLUG, "key": STORED_NAME, "credential": "(?:key|ak)_[0-9a-f]{28}"},
    **{"provider": STORED_NAME, "service": f"(?:svc_[0-9A-Za-z]{{1,64}}|{SERVICE_SLUG})", "number": "[1-9][0-9]{0,8}"},
}
"""How what stands for a name in a path looks."""

_ONE_OF = {"people": "person", "credentials": "key", "provider-credentials": "key"}
"""What one of a list is called, where that is not its name without an s."""

T = TypeVar("T", bound=msgspec.Struct)


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path.

    `takes` are the fields of its query where it reads, of its body where it writes; `gives` what it answers, with
    `status`. `may_be_bare`: its body may be left out. `tagged`: it is about one object, which has an entity tag that
    `If-Match` is held against. `looks`: it changes nothing, though it is a POST. `also` are statuses that nothing else
    says. `bounds` are those of its body. `csv`: it answers with a table where that is asked for.
    """

    method: str
    path: str
    name: str
    summary: str
    scope: str
    takes: type[msgspec.Struct]
    gives: Any
    answer: Callable[[Asked, Any], Awaitable[Answer]]
    status: int = 200
    may_be_bare: bool = False
    tagged: bool = False
    looks: bool = False
    also: tuple[int, ...] = ()
    bounds: BodyBounds = SMALL
    csv: bool = False

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method == GET

    @property
    def repeats(self) -> bool:
        """Whether it takes an `Idempotency-Key`: keys are told apart by who sends them."""
        return self.method == "POST" and self.scope != ANYBODY and not self.looks

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names in its path."""
        return tuple(_NAME.findall(self.path))


def route(
    method: str,
    path: str,
    answer: Callable[[Asked, T], Awaitable[Answer]],
    *,
    takes: type[T],
    gives: Any,
    scope: str = "",
    **more: Any,
) -> Route:
    """Declare a route; the function that answers it gives its name, and its first line the summary."""
    said: dict[str, Any] = {
        "name": getattr(answer, "__name__", ""),
        "summary": (answer.__doc__ or "").partition("\n")[0],
    }
    return Route(method=method, path=path, scope=scope, takes=takes, gives=gives, answer=answer, **said, **more)


class Table:
    """The routes of an API.  Raises `PluginError` for one that does not say who may call it, or that is there twice."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._methods: dict[str, dict[str, Route]] = {}
        for one in self.routes:
            _check(one)
            if self._methods.setdefault(one.path, {}).setdefault(one.method, one) is not one:
                raise PluginError(f"the route {one.method} {one.path} is there twice")
        self._patterns = [(_pattern(path), methods) for path, methods in self._methods.items()]
        self._loose = [(_loose(path), path) for path in self._methods if _NAME.search(path)]

    @property
    def public(self) -> tuple[str, ...]:
        """Give the paths that nobody needs a token for."""
        return tuple(one.path for one in self.routes if one.scope == ANYBODY)

    def operation(self, call: Call) -> Operation:
        """Say what a call is, for the guard: a path or method that is not there is open to every valid token."""
        methods, _ = self._at(call.path)
        found = methods.get(_as_read(call.method))
        scope = "" if found is None or found.scope in _UNSCOPED else found.scope
        label, anonymous = ("none", False) if found is None else (found.name, found.scope == ANY_OR_NONE)
        return Operation(scope=scope, label=label, method=call.method, ai=False, anonymous=anonymous)

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """Find a route and what stands for the names in its path; raises `NotFound` or `MethodNotAllowed`.

        HEAD is answered as GET (RFC 9110, 9.3.2): the server leaves out the body.
        """
        methods, named = self._at(path)
        if not methods:
            raise NotFound(self._missing(path))
        found = methods.get(_as_read(method))
        if found is None:
            allowed = ", ".join((*methods, HEAD) if GET in methods else methods)
            raise MethodNotAllowed(f"this path takes {allowed}", headers={"allow": allowed})
        return found, named

    def _at(self, path: str) -> tuple[Mapping[str, Route], Mapping[str, str]]:
        for pattern, methods in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                return methods, match.groupdict()
        return {}, {}

    def _missing(self, path: str) -> str:
        """Say what there is not at a path: what a name in it means, where nothing could have that name."""
        for loose, known in self._loose:
            match = loose.fullmatch(path)
            if match is not None:
                kinds = _kinds(known)
                wrong = next(name for name, said in match.groupdict().items() if not re.fullmatch(PATTERNS[name], said))
                return f"there is no such {kinds[wrong]}"
        return "there is nothing at this path; see openapi.json"


def _as_read(method: str) -> str:
    return GET if method == HEAD else method


def _check(one: Route) -> None:
    try:
        if one.scope not in _UNSCOPED:
            parse_scope(one.scope)
    except ValueError as exc:
        raise PluginError(f"the route {one.method} {one.path} must say which scope it needs: {exc}") from exc


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        "".join(f"(?P<{part}>{PATTERNS[part]})" if odd else re.escape(part) for odd, part in _parts(path))
    )


def _loose(path: str) -> re.Pattern[str]:
    """Match the path whatever stands for its names."""
    return re.compile("".join(f"(?P<{part}>[^/]+)" if odd else re.escape(part) for odd, part in _parts(path)))


def _kinds(path: str) -> Mapping[str, str]:
    """Say what each name in a path means: one of the list before it."""
    lists = (part.rsplit("/", 2)[-2] for odd, part in _parts(path) if not odd and part.endswith("/"))
    return {name: _ONE_OF.get(its, its.removesuffix("s")) for name, its in zip(_NAME.findall(path), lists, strict=True)}


def _parts(path: str) -> Iterable[tuple[bool, str]]:
    return ((bool(place % 2), part) for place, part in enumerate(_NAME.split(path)))
