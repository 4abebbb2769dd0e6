"""How a target is spoken to: in the caller's own dialect where it can be, else in one of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from tollbridge.formats.codec import COUNT, AnyCodec
from tollbridge.formats.dialect import Dialect, Operation
from tollbridge.providers import Quirks, Target


@dataclass(frozen=True, slots=True)
class Way:
    """A dialect a target speaks, and the operation in it."""

    dialect: Dialect
    operation: Operation
    codec: AnyCodec


class Ways:
    """Finds the dialect to ask a target in.  The first base URL of a provider that fits is taken.

    Of several dialects that can ask there, the one that the base URL is named after goes first: a conversation is asked
    as chat, not as the completion of a prompt. A provider that has nothing else names its URL after that dialect.
    """

    def __init__(self, dialects: Iterable[Dialect] = ()) -> None:
        self._by_base: dict[tuple[str, str], Way] = {}
        for dialect in sorted(dialects, key=lambda dialect: dialect.name != dialect.base):
            for operation in dialect.operations:
                codec = operation.codec
                if codec is not None and operation.upstream:
                    for base in (dialect.base, dialect.name):
                        self._by_base.setdefault((base, codec.kind), Way(dialect, operation, codec))

    def of(self, kind: str, target: Target) -> Way | None:
        """Give a way to ask the target for this kind of answer, None if there is none."""
        for base in target.base_urls:
            if kind != COUNT and base in target.provider.quirks.only_counts:
                continue
            way = self._by_base.get((base, kind))
            if way is not None:
                return way
        return None


def spoken_at(dialect: Dialect, base_urls: Mapping[str, str]) -> str:
    """Give the URL a dialect is spoken at: the one of its own name before the one it shares; empty if there is none."""
    return base_urls.get(_url_name(dialect, base_urls), "")


def _url_name(dialect: Dialect, base_urls: Mapping[str, str]) -> str:
    return dialect.name if base_urls.get(dialect.name) else dialect.base


def asked_at(dialect: Dialect, operation: Operation | None, target: Target) -> str:
    """Give the URL a target is asked at in a caller's own dialect; empty where it is to be asked in another."""
    base_urls, only_counts = target.base_urls, target.provider.quirks.only_counts
    name = _url_name(dialect, base_urls)
    if name in only_counts:
        codec = operation.codec if operation is not None else None
        if codec is None or codec.kind != COUNT:
            return ""
    return base_urls.get(name, "")


def upstream_url(base_url: str, operation: Operation, model: str, *, stream: bool, quirks: Quirks | None = None) -> str:
    """Give the URL of an operation; a model's name in it is percent-encoded, in `{+model}` all but its slashes.

    As in RFC 6570, sections 3.2.2 and 3.2.3. Where the base URL holds `{model}` or a query, they are kept in place.
    `quirks` may have a path of the host's own.
    """
    whole, streamed = operation.upstream, operation.streamed
    if quirks is not None and quirks.paths:
        whole, streamed = quirks.paths.get(operation.label, (whole, streamed))
    path = streamed if stream and streamed else whole
    if "{" not in path and "{" not in base_url and "?" not in base_url:
        return base_url + path
    head, mark, query = base_url.partition("?")
    url = head + path
    if mark:
        url += ("&" if "?" in path else "?") + query
    return url.replace("{model}", quote(model, safe="")).replace("{+model}", quote(model, safe="/@"))
