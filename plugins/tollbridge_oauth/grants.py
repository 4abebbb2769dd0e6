"""The ways to an access token (RFC 6749 section 4 and 6, RFC 7636, RFC 8628), on Authlib's classes.

What these classes ask about the request and answer to it is Authlib's; what is looked up, used up and written is done
by `Granting` in the transaction of the request.
"""

import re
from hmac import compare_digest
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, TokenMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant

from tollbridge import Principal, ScopeSet
from tollbridge.authorizing import Code, Lent, Reused
from tollbridge_oauth.asking import Answer, Asked
from tollbridge_oauth.known import KnownClient, scopes_of
from tollbridge_oauth.minting import Mint, Wanted, subject_of
from tollbridge_oauth.refusals import InvalidGrantError, InvalidRequestError, InvalidScopeError

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
"""Any way to prove who a client is; which one is its own was checked before."""


class Issuing:
    """What all ways have in common: the token that is made, and the refresh token beside it."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    request: Asked
    server: Any

    def generate_token(
        self, user: Principal | None = None, scope: str | None = None, include_refresh_token: bool = False, **_: Any
    ) -> Answer:
        """Make an access token for a lender, or for the client itself, and keep both tokens by their digests."""
        asked, client = self.request, self.request.client
        lent = self._lent(client, scope)
        holder = user or client.holder
        granting = asked.granting
        lasts_s = granting.wait(granting.lifetime_s(holder.id, self._most_s(client)))
        wanted = Wanted(lent, holder, lasts_s, subject_of(holder), self._acting(client))
        mint: Mint = self.server.mint
        token, scopes = mint.make(wanted, client, asked.key)
        granting.wait(granting.issue_access(token, lent, holder.id, lasts_s))
        answer = Answer(access_token=token, token_type="Bearer", expires_in=lasts_s, scope=" ".join(scopes))
        if include_refresh_token:
            renewal = asked.refreshing or granting.wait(granting.issue_refresh(lent, client.client.rules.refresh_s))
            answer["refresh_token"] = renewal
        return answer

    def save_token(self, token: Answer) -> None:
        """Do nothing: it was kept when it was made."""

    def _lent(self, client: KnownClient, scope: str | None) -> Lent:
        """Give what is lent: some scopes of what a person did lend, or of the client's own."""
        lent = self.request.lent
        if lent is None:
            allowed = client.get_allowed_scope(scope)
            if allowed is None:
                raise InvalidScopeError()
            return Lent(client_id=client.id, grant_id="", scopes=tuple(allowed.split()))
        return Lent(
            client_id=lent.client_id,
            grant_id=lent.grant_id,
            scopes=tuple(scopes_of(scope)),
            audience=lent.audience,
            confirmed_at=lent.confirmed_at,
        )

    def _most_s(self, client: KnownClient) -> int:
        return client.client.rules.access_s

    def _acting(self, client: KnownClient) -> Any:
        return None


class ClientCredentials(Issuing, grants.ClientCredentialsGrant):  # type: ignore[misc]  # Authlib has no types
    """A client asks for itself."""


class OnlyS256(CodeChallenge):  # type: ignore[misc]  # Authlib has no types
    """PKCE for everybody, and never `plain`, which shows the verifier to whoever sees the request (RFC 9700, 2.1.1)."""

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request without a challenge, with one of another method, or with one that is no SHA-256."""
        data = grant.request.payload.data
        if not _CHALLENGE.fullmatch(data.get("code_challenge", "")) or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError(
                "PKCE is needed: send code_challenge_method=S256, and as code_challenge the SHA-256 of a new "
                "code_verifier in base64url without padding"
            )

    def validate_code_verifier(self, grant: Any, result: Any) -> None:
        """Refuse a code for which something else is shown than its challenge was made of."""
        verifier, redeemed = grant.request.form.get("code_verifier", ""), grant.request.authorization_code
        if not _VERIFIER.fullmatch(verifier):
            raise InvalidRequestError(
                "PKCE is needed: send the code_verifier that the code_challenge was made of, 43 to 128 letters, digits "
                "and -._~"
            )
        if not compare_digest(create_s256_code_challenge(verifier), redeemed.code_challenge):
            raise InvalidGrantError("the code_challenge of this code was not made of this code_verifier by S256")


class RedeemedCode(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib has no types
    """A code that was used up just now."""

    def __init__(self, code: Code) -> None:
        self.lent = code.lent
        self.code_challenge = code.challenge
        self._redirect_uri = code.redirect_uri

    def get_redirect_uri(self) -> str:
        return self._redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.lent.scopes)


class AuthorizationCode(Issuing, grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib has no types
    """A person let a client do something, and it shows the code for that."""

    def generate_authorization_code(self) -> str:
        """Give the code that was made with the grant."""
        return self.request.code

    def save_authorization_code(self, code: str, request: Asked) -> None:
        """Do nothing: it was kept when it was made."""

    def query_authorization_code(self, code: str, client: KnownClient) -> RedeemedCode:
        """Use a code up, or raise `InvalidGrantError`; its grant is to end where its client did so before."""
        granting = self.request.granting
        try:
            found = granting.wait(granting.redeem_code(code, client.id))
        except Reused as exc:
            self.request.reused = exc.grant_id
            raise InvalidGrantError() from exc
        if found is None:
            raise InvalidGrantError()
        self.request.lent = found.lent
        return RedeemedCode(found)

    def authenticate_user(self, code: RedeemedCode) -> Principal:
        """Find the grant; raises `InvalidGrantError` where it ended."""
        return _holder(self.request, code.lent)

    def delete_authorization_code(self, code: RedeemedCode) -> None:
        """Do nothing: it is kept until it ends, to know when it is used again."""


class RotatedRefresh(TokenMixin):  # type: ignore[misc]  # Authlib has no types
    """What a refresh token that was used up is about."""

    def __init__(self, lent: Lent) -> None:
        self.lent = lent

    def check_client(self, client: KnownClient) -> bool:
        return client.id == self.lent.client_id

    def get_scope(self) -> str:
        return " ".join(self.lent.scopes)


class RefreshToken(Issuing, grants.RefreshTokenGrant):  # type: ignore[misc]  # Authlib has no types
    """A client goes on; each refresh token is used once, and another one follows it."""

    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, shown: str) -> RotatedRefresh:
        """Use it up, or raise `InvalidGrantError`; its grant is to end where that was done before."""
        asked, client = self.request, self.request.client
        try:
            work = asked.granting.rotate(shown, client.id, client.client.rules.refresh_s)
            rotated = asked.granting.wait(work)
        except Reused as exc:
            asked.reused = exc.grant_id
            raise InvalidGrantError() from exc
        if rotated is None:
            raise InvalidGrantError()
        asked.lent, asked.refreshing = rotated.lent, rotated.secret
        return RotatedRefresh(rotated.lent)

    def _validate_token_scope(self, token: RotatedRefresh) -> None:
        """Refuse more than was lent; less may be named by other scopes than those (`model:gpt-4` of `model:*`)."""
        scope = self.request.payload.scope
        asked = scopes_of(scope)
        if scope and (not asked or ScopeSet(token.lent.scopes).lacking(asked)):
            raise InvalidScopeError()

    def authenticate_user(self, token: RotatedRefresh) -> Principal:
        """Find the grant; raises `InvalidGrantError` where it ended."""
        return _holder(self.request, token.lent)

    def revoke_old_credential(self, token: RotatedRefresh) -> None:
        """Do nothing: it was used up first of all."""


class DeviceCode(Issuing, DeviceCodeGrant):  # type: ignore[misc]  # Authlib has no types
    """A device without a browser asks whether somebody agreed elsewhere.

    What became of that was looked at before, in `polling`, for it must be noted whatever the answer is.
    """

    def validate_token_request(self) -> None:
        """Use up what was agreed to; raises `InvalidGrantError` where that was done before, or the grant ended."""
        asked = self.request
        asked.client = self.authenticate_token_endpoint_client()
        asked.lent = asked.granting.wait(asked.granting.take_device(asked.form["device_code"], asked.client.id))
        if asked.lent is None:
            raise InvalidGrantError()
        asked.user = _holder(asked, asked.lent)
        asked.credential = RotatedRefresh(asked.lent)


def _holder(asked: Asked, lent: Lent) -> Principal:
    """Find the grant that something hangs on; raises `InvalidGrantError` where it ended."""
    found = asked.find_holder(lent.grant_id)
    if found is None:
        raise InvalidGrantError()
    return found
