"""What a request asks for: path and query out of its target (RFC 9112 section 3.2).  Pure."""

from urllib.parse import unquote

from httptools import HttpParserInvalidURLError, parse_url


class Unreadable(Exception):
    """A request that cannot be handed to an app."""


def read_target(target: bytes) -> tuple[str, bytes, bytes]:
    """Give the decoded path, the path as it came and the query; of an absolute form, those alone.

    Raises `Unreadable`.
    """
    if target[:1] == b"/":
        if b"#" in target:
            target = target.partition(b"#")[0]
        raw_path, _, query = target.partition(b"?")
    else:
        try:
            parsed = parse_url(target)
        except HttpParserInvalidURLError:
            raise Unreadable("the request target is no path") from None
        raw_path, query = parsed.path or b"/", parsed.query or b""
    try:
        path = raw_path.decode("ascii")
    except UnicodeDecodeError:
        raise Unreadable("the path holds bytes that must be percent-encoded") from None
    return unquote(path) if "%" in path else path, raw_path, query
