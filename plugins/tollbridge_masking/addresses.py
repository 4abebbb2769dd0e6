"""E-mail addresses and IP addresses.

An e-mail address is found by its `@`, as people write them: RFC 5321 allows more, such as quoted names before the `@`.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address

from tollbridge_masking.spans import Span

_LONGEST_NAME, _LONGEST_HOST = 64, 255  # RFC 5321 section 4.5.3.1

_AT = re.compile(r"@(?<=[\w.!#$%'*+^~-]@)(?=[\w-]{1,63}\.)")
_BEFORE_NAME = re.compile(r".*[^\w.!#$%'*+^~-]", re.DOTALL)
_FIRST = re.compile(r"[^\W_]")
_HOST = re.compile(r"(?:[\w-]{1,63}+\.)+(?:xn--[\w-]{1,59}|[^\W\d_]{2,63})", re.IGNORECASE)

_V4 = re.compile(r"[0-9](?<![\w.][0-9])[0-9]{0,2}+(?:\.[0-9]{1,3}+){3}(?!\w|\.[0-9])")
_V6 = re.compile(r"[0-9A-Fa-f:](?<![\w:.][0-9A-Fa-f:])[0-9A-Fa-f:.]{1,44}+(?![\w:])")


def find_emails(text: str, start: int, stop: int) -> Iterator[Span]:
    """Find e-mail addresses."""
    for found in _AT.finditer(text, start):
        at = found.start()
        if at >= stop + _LONGEST_NAME:
            return
        before = text[max(0, at - _LONGEST_NAME) : at]
        other = _BEFORE_NAME.match(before)
        first = _FIRST.search(text, at - len(before) + (other.end() if other else 0), at)
        host = _HOST.match(text, at + 1, at + 1 + _LONGEST_HOST)
        if first is not None and host is not None and start <= first.start() < stop:
            yield first.start(), host.end()


def mask_email(email: str) -> str:
    """Keep the first letter, where it is not the only one, and the host: `j***@example.com`."""
    name, _, host = email.partition("@")
    return f"{name[0] if len(name) > 1 else ''}***@{host}"


def find_ips(text: str, start: int, stop: int) -> Iterator[Span]:
    """Find IP addresses of both versions."""
    for pattern in (_V4, _V6):
        for found in pattern.finditer(text, start):
            if found.start() >= stop:
                break
            for shown in (found[0].rstrip("."), found[0].rstrip(".:")):
                if _is_ip(shown):
                    yield found.start(), found.start() + len(shown)
                    break


def _is_ip(shown: str) -> bool:
    if ":" in shown and not any(sign.isdigit() for sign in shown):
        return False  # `::` and `dead::beef` are more often something else
    try:
        ip_address(shown)
    except ValueError:
        return False
    return True


def mask_ip(ip: str) -> str:
    """Keep the first two parts, of IPv6 the first: `192.0.*.*`, `2001:***`."""
    if ":" in ip:
        return f"{ip.partition(':')[0]}:***"
    return ".".join((*ip.split(".")[:2], "*", "*"))
