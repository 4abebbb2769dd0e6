"""Whether a provider takes a key, found out by the cheapest call there is: its list of models.

A host that lists its models to anybody says nothing of a key, so one that answers is asked again without any.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from tollbridge.errors import GatewayError
from tollbridge.formats.dialect import Dialect
from tollbridge.formats.ways import upstream_url
from tollbridge.hosts import Host
from tollbridge.providerkeys.listed import listed_models
from tollbridge.transport.base import Transport, UpstreamRequest

_HEADERS = ((b"accept", b"application/json"), (b"accept-encoding", b"identity"))
_REFUSED = frozenset((401, 403))


class Result(StrEnum):
    """What was found out of a key."""

    OK = "ok"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


class Checked(msgspec.Struct, frozen=True, gc=False):
    """What was found out, and why in words; `status` is what the provider answered, 0 where it did not."""

    result: Result
    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found out, and the models that the provider lists, as far as they were read."""

    checked: Checked
    models: Sequence[str] = ()


def list_url(host: Host, dialects: Iterable[Dialect]) -> str:
    """Give where a host lists its models, for whoever has its key; empty where nothing says that it does."""
    known = list(dialects)
    for spoken, base_url in host.base_urls.items():
        for dialect in known:
            for operation in dialect.operations if spoken in (dialect.name, dialect.base) else ():
                if operation.lists_models and operation.upstream and "{" not in base_url + operation.path:
                    return upstream_url(base_url, operation, "", stream=False, quirks=host.provider.quirks)
    return ""


async def check_host(host: Host, bare: Host, dialects: Iterable[Dialect], transport: Transport) -> Checked:
    """Ask a host that has a key; `bare` is the same one without.  Raises nothing for what the provider does."""
    return (await look_at_host(host, bare, dialects, transport)).checked


async def look_at_host(
    host: Host, bare: Host | None, dialects: Iterable[Dialect], transport: Transport, *, most: int = 0
) -> Looked:
    """Ask a host for its models, and read `most` bytes of its answer; raises nothing for what the provider does.

    `bare` is the same one without the key, None where none is shown: then it says no more than that the host answers.
    """
    url = list_url(host, dialects)
    if not url:
        return Looked(Checked(Result.UNKNOWN, 0, "there is no list of models that could be asked for with this key"))
    request = UpstreamRequest("GET", url, [*_HEADERS, *host.headers], b"", host.allow_private)
    if host.signing is not None:
        try:
            request = await host.signing.signed(request)
        except GatewayError:
            return Looked(Checked(Result.REFUSED, 0, "no credential could be made with it; the log has why"))
    try:
        status, body = await _answer(request, transport, most)
        if not 200 <= status <= 299:
            return Looked(_refused(status))
        models = listed_models(body)
        if bare is None:
            return Looked(Checked(Result.OK, status, "the provider answers; no key was shown to it"), models)
        without = UpstreamRequest("GET", url, [*_HEADERS, *bare.headers], b"", host.allow_private)
        other, _ = await _answer(without, transport, 0)
    except GatewayError as exc:
        return Looked(Checked(Result.UNREACHABLE, 0, exc.message))
    if 200 <= other <= 299:
        to_anybody = "the provider lists its models to anybody, with a key or without"
        return Looked(Checked(Result.UNKNOWN, status, to_anybody), models)
    return Looked(Checked(Result.OK, status, "the provider takes it"), models)


def _refused(status: int) -> Checked:
    if status in _REFUSED:
        return Checked(Result.REFUSED, status, f"the provider answered {status}")
    return Checked(Result.UNKNOWN, status, f"the provider answered {status}, which says nothing of the key")


async def _answer(request: UpstreamRequest, transport: Transport, most: int) -> tuple[int, bytes]:
    """Give the status, and the body where it is wanted and a success; raises `UpstreamError` for one of over `most`."""
    response = await transport.send(request)
    try:
        wanted = most and 200 <= response.status <= 299
        return response.status, await response.read(most) if wanted else b""
    finally:
        await response.close()
