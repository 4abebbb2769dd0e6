"""Where an answer leads, said in the caller's terms: a node's own URL is nothing that a caller can ask.  Pure."""

from collections.abc import Mapping
from urllib.parse import unquote

from tollbridge_rest.headers import Headers
from tollbridge_rest.templates import PathTemplate

_LEADING = frozenset((b"location", b"content-location"))


def public_headers(headers: Headers, origins: frozenset[str], path: str, public: "Public") -> Headers:
    """Give headers in which URLs below a node's path are paths of the service; others stay.

    `origins` are those that the node goes by, such as `https://a.example:8443`.
    """
    if not any(name in _LEADING for name, _ in headers):
        return headers
    found = []
    for name, value in headers:
        below = _below(value.decode("latin-1"), origins, path) if name in _LEADING else None
        told = None if below is None else public.of(below)
        found.append((name, value if told is None else told.encode("latin-1", "replace")))
    return found


class Public:
    """The paths of a route as callers know them.  `root` is the service's, `rewrite` the route's path upstream."""

    def __init__(self, root: str, template: PathTemplate, rewrite: PathTemplate | None) -> None:
        self._root = root
        self._template = template
        self._rewrite = rewrite

    def of(self, below: str) -> str | None:
        """Give the path that callers ask for; None where the route leads nowhere near."""
        mark = min((place for place in map(below.find, "?#") if place >= 0), default=len(below))
        path, more = below[:mark], below[mark:]
        if self._rewrite is None:
            return f"{self._root}{path}{more}"
        values = _values(self._rewrite, unquote(path))
        if values is None or not values.keys() >= set(self._template.names):
            return None
        try:
            return f"{self._root}{self._template.expand(values)}{more}"
        except ValueError:
            return None


def _below(url: str, origins: frozenset[str], path: str) -> str | None:
    """Give what of a URL is below a node's path."""
    scheme, marks, rest = url.partition("://")
    host = next((place for place, sign in enumerate(rest) if sign in "/?#"), len(rest))
    if not marks or f"{scheme}://{rest[:host]}".lower() not in origins:
        return None
    below = rest[host:].removeprefix(path)
    return below if rest[host:].startswith(path) and below[:1] in ("", "/", "?", "#") else None


def _values(template: PathTemplate, path: str) -> Mapping[str, str] | None:
    """Read the parameters out of a path; None where it is another."""
    parts = path.split("/")[1:]
    count = len(template.segments)
    if len(parts) < count or (len(parts) > count and not template.rest):
        return None
    found: list[str] = []
    for segment, part in zip(template.segments, parts, strict=False):
        if not segment.names and part != segment.texts[0]:
            return None
        values = segment.match(part) if segment.names else ()
        if values is None:
            return None
        found.extend(values)
    if template.rest:
        found.append("".join(f"/{part}" for part in parts[count:]))
    return dict(zip(template.names, found, strict=True))
