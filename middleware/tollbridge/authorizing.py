"""What an authorization server is made of, for plugins that are one.

`gateway.clients` knows who asks, `gateway.grants` what people let them do and what is issued for it, and
`gateway.issuing` the keys that access tokens are signed with.
"""

from tollbridge.clients.model import AuthMethod, Client, ClientRules, GrantType
from tollbridge.clients.redirects import is_own_machine, matches
from tollbridge.clients.service import IssuedClient
from tollbridge.grants.granting import Granting, Rotated
from tollbridge.grants.model import Code, Consent, Device, DeviceState, Issued, Lent, Refresh, Reused
from tollbridge.grants.service import (
    INTERVAL_S,
    USER_CODE_LENGTH,
    CodeWish,
    GrantService,
    check_depth,
    effective,
)
from tollbridge.ids import new_id
from tollbridge.readings import issuer_of
from tollbridge.stores.replays import shown_digest
from tollbridge.tokens.model import SecretUse, TokenKind
from tollbridge.tokens.secret import LONGEST_ISSUED

__all__ = [
    "INTERVAL_S",
    "LONGEST_ISSUED",
    "USER_CODE_LENGTH",
    "AuthMethod",
    "Client",
    "ClientRules",
    "Code",
    "CodeWish",
    "Consent",
    "Device",
    "DeviceState",
    "GrantService",
    "GrantType",
    "Granting",
    "Issued",
    "IssuedClient",
    "Lent",
    "Refresh",
    "Reused",
    "Rotated",
    "SecretUse",
    "TokenKind",
    "check_depth",
    "effective",
    "is_own_machine",
    "issuer_of",
    "matches",
    "new_id",
    "shown_digest",
]
