"""Keys that callers sign their requests with: made, rotated, removed, and found for whoever checks a signature."""

from tollbridge.credentials.keys import public_key
from tollbridge.credentials.service import KINDS, CredentialService, CredentialWish, IssuedCredential, OpenedCredential
from tollbridge.stores.credentials import Credential, CredentialKind, ShownSecret
from tollbridge.stores.replays import shown_digest

__all__ = [
    "KINDS",
    "Credential",
    "CredentialKind",
    "CredentialService",
    "CredentialWish",
    "IssuedCredential",
    "OpenedCredential",
    "ShownSecret",
    "public_key",
    "shown_digest",
]
