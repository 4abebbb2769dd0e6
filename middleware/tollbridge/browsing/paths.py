"""Ways between pages that somebody may have written into a link: they lead to pages of this gateway, or home."""

import re
from urllib.parse import urlencode

from starlette.requests import Request

from tollbridge.browsing.place import root

_LONGEST = 4096
_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
"""No empty segment, none that begins with a dot, no escape: what is compared is what a browser goes to."""
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$'()*+,;:@/?&=-]|%[0-9A-Fa-f]{2})*")


def way_back(request: Request, wanted: str) -> str:
    """Give the path that is wanted if it is one of a page of this gateway, else that of the first page.

    Anything that names a host, climbs out of the prefix, or reads in two ways leads home.
    """
    home = root(request)
    path, mark, query = wanted.partition("?")
    inside = path == home or path.startswith(f"{home}/")
    plain = _PATH.fullmatch(path.removeprefix(home)) and _QUERY.fullmatch(query)
    if len(wanted) > _LONGEST or not inside or not plain:
        return f"{home}/"
    return f"{path}{mark}{query}"


def sign_in_path(request: Request, back: str, *, again: bool = False) -> str:
    """Give the path of the page to sign in at, or to do so again, which leads back afterwards."""
    return f"{root(request)}/sign-in{'/again' if again else ''}?{urlencode({'next': back})}"
