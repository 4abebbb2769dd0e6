"""Whether a provider takes a key, found out by the cheapest call there is: its list of models.

A host that lists its models to anybody says nothing of a key, so one that answers is asked again without any.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from tollbridge.errors import GatewayError
from tollbridge.formats.dialect import Dialect
from tollbridge.formats.ways import upstream_url
from tollbridge.hosts import Host
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
    url = list_url(host, dialects)
    if not url:
        return Checked(Result.UNKNOWN, 0, "there is no list of models that could be asked for with this key")
    request = UpstreamRequest("GET", url, [*_HEADERS, *host.headers], b"", host.allow_private)
    if host.signing is not None:
        try:
            request = await host.signing.signed(request)
        except GatewayError:
            return Checked(Result.REFUSED, 0, "no credential could be made with it; the log has why")
    try:
        status = await _status(request, transport)
        if status in _REFUSED:
            return Checked(Result.REFUSED, status, f"the provider answered {status}")
        if not 200 <= status <= 299:
            return Checked(Result.UNKNOWN, status, f"the provider answered {status}, which says nothing of the key")
        without = UpstreamRequest("GET", url, [*_HEADERS, *bare.headers], b"", host.allow_private)
        if 200 <= await _status(without, transport) <= 299:
            return Checked(Result.UNKNOWN, status, "the provider lists its models to anybody, with a key or without")
    except GatewayError as exc:
        return Checked(Result.UNREACHABLE, 0, exc.message)
    return Checked(Result.OK, status, "the provider takes it")


async def _status(request: UpstreamRequest, transport: Transport) -> int:
    response = await transport.send(request)
    await response.close()
    return response.status
