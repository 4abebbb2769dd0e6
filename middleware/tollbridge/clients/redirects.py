"""Where a client may have people sent back to: exact addresses, and nothing that is like them.

Two addresses are the same when they are the same character by character (RFC 9700 section 4.1.3). One exception is for
programs on somebody's own machine, which cannot know beforehand which port is free: `http://127.0.0.1/done` and
`http://[::1]/done`, registered without a port, stand for that address at any port (RFC 8252 section 7.3). Registered
with a port, they are as exact as all others. What the name `localhost` leads to is not ours to know (section 8.3 wants
the literals), but some programs know no other: public clients alone may have `http` at it, on the same terms. With
`https` it is refused, and so are schemes of a program's own, which any other program can claim as well.
"""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_LONGEST = 2048
_HTTPS = re.compile(
    r"https://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?(?:[/?][!$%-;=?-Z_a-z~]*)?"
)
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]|localhost))(:[1-9][0-9]{0,4})?((?:[/?][!$%-;=?-Z_a-z~]*)?)")


def check_redirect_uri(uri: str, *, localhost: bool = False) -> str:
    """Check an address that is to be registered and give it back; raises `ValueError`.

    It is `https`, or `http` at a loopback literal, with a host in lower case, without a user, a fragment, or anything
    that is not plain ASCII. `localhost`: `http` at that name is taken as well.
    """
    written = len(uri) <= _LONGEST and (_HTTPS.fullmatch(uri) or _LOOPBACK.fullmatch(uri))
    if not written or (_is_localhost(uri) and not (localhost and uri.startswith("http:"))):
        raise ValueError(
            f"{uri[:80]!r} is no address to send people back to: https://<host in lower case>/<path>, or "
            "http://127.0.0.1/<path> or http://[::1]/<path> of a program on their own machine (of a public client "
            "http://localhost/<path> too); without user and '#'"
        )
    return uri


def is_own_machine(uri: str) -> bool:
    """Whether an address that was registered leads to a program on the machine of whoever is sent there."""
    try:
        return _is_localhost(uri) or ip_address(urlsplit(uri).hostname or "").is_loopback
    except ValueError:
        return False


def matches(registered: str, asked: str) -> bool:
    """Whether the address a client asks for is one that was registered."""
    if registered == asked:
        return True
    own, other = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(asked)
    return own is not None and other is not None and own[2] is None and (own[1], own[3]) == (other[1], other[3])


def _is_localhost(uri: str) -> bool:
    host = urlsplit(uri).hostname or ""
    return host.rpartition(".")[2] == "localhost"
