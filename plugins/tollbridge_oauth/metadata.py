"""What the server says of itself (RFC 8414 section 2) and of the gateway it issues for (RFC 9728 section 2)."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge import Gateway, NotFound
from tollbridge.authorizing import AuthMethod, GrantType
from tollbridge_oauth.addresses import Addresses
from tollbridge_oauth.answers import answer
from tollbridge_oauth.assertions import ALGORITHMS
from tollbridge_oauth.origins import give_terms, wants_terms

_METHODS = [method.value for method in AuthMethod]
_PROVEN = [method.value for method in AuthMethod if method is not AuthMethod.NONE]


def server_metadata(gateway: Gateway, addresses: Addresses) -> dict[str, Any]:
    """Give the authorization server's metadata."""
    found = {
        "issuer": addresses.issuer,
        "authorization_endpoint": addresses.endpoint("authorize"),
        "token_endpoint": addresses.endpoint("token"),
        "jwks_uri": addresses.jwks,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [grant.value for grant in GrantType],
        "token_endpoint_auth_methods_supported": _METHODS,
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint": addresses.endpoint("revoke"),
        "revocation_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint": addresses.endpoint("introspect"),
        "introspection_endpoint_auth_methods_supported": _PROVEN,
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "device_authorization_endpoint": addresses.endpoint("device_authorization"),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    if gateway.config.oauth.registration:
        found["registration_endpoint"] = addresses.endpoint("register")
    return found


def resource_metadata(addresses: Addresses) -> dict[str, Any]:
    """Give the gateway's own metadata, as the resource that access tokens open."""
    return {
        "resource": addresses.issuer,
        "authorization_servers": [addresses.issuer],
        "jwks_uri": addresses.jwks,
        "bearer_methods_supported": ["header"],
        "resource_name": "Tollbridge",
    }


class Document:
    """Serves one document at its well-known place, with the issuer's path behind its name.

    A proxy that takes that path away leaves none, so that place is served too.
    """

    def __init__(self, content: dict[str, Any], path: str) -> None:
        self._content = content
        self._paths = ("", path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if wants_terms(scope):
            await give_terms(send, b"*")
            return
        below = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["method"] not in ("GET", "HEAD") or below not in self._paths:
            raise NotFound("there is nothing at this path")
        response: ASGIApp = answer(self._content, headers={"access-control-allow-origin": "*"})
        await response(scope, receive, send)
