"""What stands in uvicorn's `http=`: it makes the connections of a server, and brings the options uvicorn has not."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from tollbridge.server.connection import Connection
from tollbridge.server.site import Site


class Http1:
    """Makes connections.  `head_timeout_s` is how long a head may take, `max_head_bytes` how much is read for one.

    May be pickled until it has made the first, as uvicorn does for several workers.
    """

    def __init__(self, *, head_timeout_s: float = 15.0, max_head_bytes: int = 131_072) -> None:
        self._head_timeout_s = head_timeout_s
        self._max_head_bytes = max_head_bytes
        self._site: Site | None = None

    def __call__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> Connection:
        site = self._site
        if site is None or site.state is not server_state:
            site = self._site = Site(
                config,
                server_state,
                app_state,
                head_timeout_s=self._head_timeout_s,
                max_head_bytes=self._max_head_bytes,
            )
        return Connection(site)
