"""Authlib's authorization server, made for one request: it keeps the order of checks and the form of answers.

It is not async, and needs not be: it runs in a greenlet of the request's transaction (`Granting.run`), where what it
asks of the store is waited for without a thread. `docs/decisions/0009-oauth-server.md` has the figures.
"""

from typing import Any

from authlib.oauth2 import AuthorizationServer

from tollbridge_oauth.asking import Asked
from tollbridge_oauth.exchange import TokenExchange
from tollbridge_oauth.grants import AuthorizationCode, ClientCredentials, DeviceCode, OnlyS256, RefreshToken
from tollbridge_oauth.known import KnownClient
from tollbridge_oauth.minting import Mint

Raw = tuple[int, Any, list[tuple[str, str]]]
"""Status, body and headers of an answer."""


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    """Answers one request of one client."""

    def __init__(self, known: KnownClient, mint: Mint) -> None:
        super().__init__()
        self.mint = mint
        self._known = known
        self.register_grant(AuthorizationCode, [OnlyS256(required=True)])
        for way in (ClientCredentials, RefreshToken, DeviceCode, TokenExchange):
            self.register_grant(way)

    def query_client(self, client_id: str) -> KnownClient | None:
        """Give the client of the request."""
        return self._known if client_id == self._known.id else None

    def authenticate_client(self, request: Asked, methods: Any, endpoint: str = "token") -> KnownClient:
        """Give the client of the request, which proved who it is before."""
        request.auth_method = self._known.client.rules.auth_method.value
        return self._known

    def create_oauth2_request(self, request: Asked) -> Asked:
        """Give the request as it is."""
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Raw:
        """Give an answer as it is."""
        return status, body, list(headers)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Tell nobody."""
