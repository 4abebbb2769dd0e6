"""Requests that name no model: path, query and body go on as they came."""

from tollbridge.call import Call
from tollbridge.errors import BadRequest, InternalError
from tollbridge.formats.dialect import named_id
from tollbridge.formats.ways import spoken_at, upstream_url
from tollbridge.layers.translate import Outgoing
from tollbridge.providers import Target


def write_along(call: Call, target: Target) -> Outgoing:
    """Write the request for the provider that keeps files; raises `BadRequest` for a query that no URL may hold.

    Its answer is passed on as it comes, for a file may be long.
    """
    dialect, operation = call.dialect, call.operation
    if dialect is None or operation is None or call.body is None:
        raise InternalError("a call without a dialect")
    url = upstream_url(spoken_at(dialect, target.base_urls), operation, "", stream=False)
    url = url.replace("{id}", named_id(operation, call.path))
    if call.query:
        if not all(0x21 <= byte <= 0x7E and byte not in b"#\\" for byte in call.query):
            raise BadRequest("the query holds a character that must be escaped")
        url += ("&" if "?" in url else "?") + call.query.decode("ascii")
    call.stream_type = dialect.stream_type
    return Outgoing(url, call.headers, call.body)
