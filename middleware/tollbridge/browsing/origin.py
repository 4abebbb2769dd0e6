"""Whether a request was made by a page of ours: what stands against forgery across sites."""

from urllib.parse import urlsplit

from starlette.requests import Request


def from_here(request: Request) -> bool:
    """Whether a browser says that the request was made by this very site, or typed by its user.

    `Sec-Fetch-Site` counts where it is there (Fetch Metadata, W3C), else `Origin`; a request that has neither is not
    from here. The request must be one that `Place.seen` gave: so the host is ours and not what a header claims.
    """
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None and fetched not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return fetched is not None
    said = urlsplit(origin)
    schemes = ("https",) if request.url.scheme == "https" else ("http", "https")
    return said.scheme in schemes and said.netloc != "" and said.netloc == request.headers.get("host")
