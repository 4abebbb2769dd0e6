"""How a provider is shown its key.  What stands here is registered as a plugin's schemes are."""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from tollbridge.errors import PluginError

if TYPE_CHECKING:
    from tollbridge.transport.base import UpstreamRequest

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_FRAMING = frozenset((b"connection", b"content-length", b"expect", b"host", b"te", b"trailer", b"transfer-encoding"))


class Auth(Protocol):
    """How a provider wants to be shown its key.

    A scheme that also has `sign` is a `Signer`. One that works without any key has the class attribute
    `needs_key = False`. One whose key says more than who calls, such as a file to read or a URL to ask, has a plain
    function `check_kept(key)`, which raises `ConfigError` where a key of the database would lead astray: who may set it
    need not be the operator of the machine.
    """

    @property
    def env(self) -> tuple[str, ...]:
        """The environment variables that may hold the key, in order of preference; empty if no key is needed."""
        ...

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        """Give the headers that carry the key in every request alike.  Called once for each key, not for each call."""
        ...


@runtime_checkable
class Signer(Auth, Protocol):
    """An `Auth` that looks at each request: a signature over method, URL and body, or a token that is renewed."""

    async def sign(self, key: str, request: "UpstreamRequest") -> Sequence[tuple[bytes, bytes]]:
        """Give the headers that carry the credential of this request, lower-case names.

        They take the place of any of the same name. Called for every try, just before the request is sent; what it
        raises, and taking longer than `[plugins] timeout_s`, refuses the call.
        """
        ...


@dataclass(frozen=True, slots=True)
class Header:
    """The key in a header; `{key}` in `template` stands for it."""

    name: str
    env: tuple[str, ...] = ()
    template: str = "{key}"

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return [(self.name.lower().encode("ascii"), self.template.replace("{key}", key).encode("latin-1"))]


@dataclass(frozen=True, slots=True, init=False)
class Bearer(Header):
    """`Authorization: Bearer <key>` (RFC 6750)."""

    name: str = field(init=False)
    template: str = field(init=False)

    def __init__(self, env: str | tuple[str, ...] = ()) -> None:
        names = (env,) if isinstance(env, str) else tuple(env)
        Header.__init__(self, "authorization", names, "Bearer {key}")


@dataclass(frozen=True, slots=True)
class NoAuth:
    """The host asks for no key."""

    needs_key: ClassVar[bool] = False

    env: tuple[str, ...] = ()

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return []


SCHEMES: dict[str, type[Auth]] = {"bearer": Bearer, "header": Header, "none": NoAuth}


def needs_key(auth: Auth | type[Auth]) -> bool:
    """Whether a scheme has nothing to show without a key."""
    return bool(getattr(auth, "needs_key", True))


def check_auth(auth: object, where: str) -> None:
    """Refuse what is no `Auth`; raises `PluginError` with `where`, the option that names it."""
    name = type(auth).__name__
    if not isinstance(getattr(auth, "env", None), tuple) or not callable(getattr(auth, "headers", None)):
        raise PluginError(f"{where}: {name} is no auth scheme: it needs env, a tuple of names, and headers(key)")
    sign = getattr(auth, "sign", None)
    if sign is not None and not inspect.iscoroutinefunction(sign):
        raise PluginError(f"{where}: {name}.sign must be async def")


def sendable(headers: object) -> bool:
    """Whether these are headers that can go along with a request and leave its framing alone (RFC 9110 section 5)."""
    return isinstance(headers, list | tuple) and all(
        isinstance(pair, tuple)
        and len(pair) == 2
        and all(isinstance(part, bytes) for part in pair)
        and _NAME.fullmatch(pair[0]) is not None
        and _VALUE.fullmatch(pair[1]) is not None
        and pair[0] not in _FRAMING
        for pair in headers
    )
