"""What an outside MCP server is, as it is written: where, with which credential, and which of its tools.

It is data.  No field takes a command, nor anything else that is run: a server that speaks by standard input and output
is none that a gateway starts.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from tollbridge.administering import is_secret_name
from tollbridge.services.kinds import Problem
from tollbridge_mcp.model import LONGEST_NAME
from tollbridge_mcp.parameters import may_be_set

MOST_RULES = 200
MOST_HEADERS = 20
MOST_TOOLS = 500
"""Tools of a server that are looked at."""
LONGEST_TIMEOUT_S = 600.0
_LONGEST = 2_000
_PLAIN = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
_NAME = re.compile(rf"[A-Za-z0-9_.-]{{1,{LONGEST_NAME}}}")
_PATTERN = re.compile(r"[A-Za-z0-9_.*-]{1,128}")
_PREFIX = re.compile(r"[A-Za-z0-9_.-]{0,32}")
_REFERENCE = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9-]{0,20}) )?(?P<reference>(?:env|file|stored):[^\s]{1,300})")


class ToolRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lets a tool be called, or with a `*` in its name those that fit.  `rename` is what it is called here."""

    name: str
    rename: str = ""


class ClientCredentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the gateway gets an access token for the server (RFC 6749, section 4.4).  `client_secret` is a reference."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str = ""
    resource: str = ""


class McpDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outside MCP server over streamable HTTP.

    `headers` are sent with each request; a value `stored:NAME`, also behind a scheme as in `Bearer stored:NAME`, is the
    secret of that name. Only what is in `tools` is there, under its name here with `prefix` before it. A call may take
    `timeout_s` seconds. `forward_identity` hands on the gateway's own word on who calls, `x-tollbridge-identity`.
    """

    url: str = ""
    headers: Mapping[str, str] = {}
    oauth: ClientCredentials | None = None
    tools: tuple[ToolRule, ...] = ()
    prefix: str = ""
    timeout_s: float = 60.0
    forward_identity: bool = False


def fits(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern, in which `*` is any text.  Linear: each part is taken where it comes first."""
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    last = rest.pop()
    if not name.startswith(first) or not name.endswith(last) or len(name) < len(first) + len(last):
        return False
    at, end = len(first), len(name) - len(last)
    for part in rest:
        at = name.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


class Naming:
    """Which tools of a server there are here, and what they are called."""

    def __init__(self, definition: McpDefinition) -> None:
        self._prefix = definition.prefix
        self._renamed = {rule.name: rule.rename for rule in definition.tools if rule.rename}
        self._theirs = {here: there for there, here in self._renamed.items()}
        self._rules = tuple(rule.name for rule in definition.tools if not rule.rename)

    def here(self, theirs: str) -> str | None:
        """Give what one of theirs is called here, None where it is not allowed or cannot be called so."""
        name = self._renamed.get(theirs)
        if name is None:
            if not any(fits(rule, theirs) for rule in self._rules):
                return None
            name = theirs
        name = self._prefix + name
        return name if self.theirs(name) == theirs else None

    def theirs(self, here: str) -> str | None:
        """Give what a tool is called there, None where it is not allowed."""
        if not here.startswith(self._prefix) or not _NAME.fullmatch(here):
            return None
        name = here[len(self._prefix) :]
        renamed = self._theirs.get(name)
        if renamed is not None:
            return renamed
        return name if name not in self._renamed and any(fits(rule, name) for rule in self._rules) else None


def references(definition: McpDefinition) -> Sequence[str]:
    """Name the secrets that a definition refers to."""
    found = [match["reference"] for value in definition.headers.values() if (match := _REFERENCE.fullmatch(value))]
    if definition.oauth is not None and _REFERENCE.fullmatch(definition.oauth.client_secret):
        found.append(definition.oauth.client_secret)
    return tuple(dict.fromkeys(found))


def split_reference(value: str) -> tuple[str, str]:
    """Give what stands before a reference, such as `Bearer `, and the reference; both empty where there is none."""
    match = _REFERENCE.fullmatch(value)
    if match is None:
        return "", ""
    return f"{match['scheme']} " if match["scheme"] else "", match["reference"]


def problems(definition: McpDefinition) -> Sequence[Problem]:
    """Say what keeps a definition from being published."""
    found = list[Problem]()
    why = url_problem(definition.url)
    if why:
        found.append(Problem("url", why))
    found.extend(_header_problems(definition.headers))
    found.extend(_tool_problems(definition))
    if not 0 < definition.timeout_s <= LONGEST_TIMEOUT_S:
        found.append(Problem("timeout_s", f"it must be above 0 and at most {LONGEST_TIMEOUT_S:g} seconds"))
    if definition.oauth is not None:
        found.extend(_oauth_problems(definition.oauth))
        if any(name.lower() == "authorization" for name in definition.headers):
            found.append(Problem("headers", "there is an authorization already, by oauth"))
    return found


def url_problem(url: str) -> str:
    """Say what is wrong with a URL, empty for nothing.  Where it leads is judged when it is called."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is no valid URL"
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        return "it must begin with https://; servers that are started by a command are not served"
    if "@" in parts.netloc or parts.fragment or len(url) > _LONGEST or not _PLAIN.fullmatch(url):
        return "it must hold no user, password, fragment, space or other than ASCII characters"
    return ""


def _header_problems(headers: Mapping[str, str]) -> Sequence[Problem]:
    found = list[Problem]()
    if len(headers) > MOST_HEADERS:
        found.append(Problem("headers", f"there are over {MOST_HEADERS}"))
    for name, value in headers.items():
        where, low = f"headers/{name[:60]}", name.lower()
        settable = may_be_set(name) or low in ("authorization", "x-api-key", "api-key", "x-goog-api-key")
        if not settable:
            found.append(Problem(where, "this header cannot be set"))
        elif not value.isascii() or not value.isprintable() or len(value) > _LONGEST:
            found.append(Problem(where, "its value must be printable ASCII in one line"))
        elif not _REFERENCE.fullmatch(value) and is_secret_name(low):
            found.append(Problem(where, "a secret does not belong in here; store it, and write stored:NAME"))
    return found


def _tool_problems(definition: McpDefinition) -> Sequence[Problem]:
    found = list[Problem]()
    if not definition.tools:
        found.append(Problem("tools", "name the tools that may be called; '*' lets all be"))
    if len(definition.tools) > MOST_RULES:
        found.append(Problem("tools", f"there are over {MOST_RULES}"))
    if not _PREFIX.fullmatch(definition.prefix):
        found.append(Problem("prefix", "it must be letters, digits, '_', '-' and '.', at most 32"))
    seen = set[str]()
    for index, rule in enumerate(definition.tools[:MOST_RULES]):
        where, called = f"tools/{index}", rule.rename or rule.name
        if not _PATTERN.fullmatch(rule.name):
            found.append(Problem(f"{where}/name", "it must be letters, digits, '_', '-', '.' and '*', at most 128"))
        if rule.rename and ("*" in rule.name or not _NAME.fullmatch(definition.prefix + rule.rename)):
            why = f"it is for one tool, and must be letters, digits, '_', '-' and '.', at most {LONGEST_NAME}"
            found.append(Problem(f"{where}/rename", why))
        if called in seen:
            found.append(Problem(where, f"there are two tools {called[:60]!r}"))
        seen.add(called)
    return found


def _oauth_problems(oauth: ClientCredentials) -> Sequence[Problem]:
    found = list[Problem]()
    why = url_problem(oauth.token_url)
    if why:
        found.append(Problem("oauth/token_url", why))
    if not oauth.client_id or len(oauth.client_id) > _LONGEST or not oauth.client_id.isprintable():
        found.append(Problem("oauth/client_id", "it is missing, or not printable"))
    match = _REFERENCE.fullmatch(oauth.client_secret)
    if match is None or match["scheme"]:
        found.append(
            Problem("oauth/client_secret", "a secret does not belong in here; store it, and write stored:NAME")
        )
    return found
