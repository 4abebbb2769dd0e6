"""The tables of OAuth clients, of what they were granted, and of keys that callers sign with, for SQLAlchemy.

A client is a `token` of the kind `secret`, its id the client's; a grant, what a person let a client do, is one of the
kind `access` below both. Access tokens are rows of `secret`.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from tollbridge.stores.columns import count, metadata, moment, sealed, text

client = Table(
    "client",
    metadata,
    Column("id", Text, ForeignKey("token.id"), primary_key=True),
    text("auth_method"),  # none for a public client
    text("grants"),
    text("redirect_uris"),  # JSON
    text("keys"),  # a JWKS, or empty
    text("keys_url"),
    text("about_url"),
    Column("trusted", Boolean, nullable=False),  # people are not asked
    text("registered"),  # by which way
    Column("access_s", Integer, nullable=False),
    Column("refresh_s", Integer, nullable=False),
    count("created_at"),
    sqlite_with_rowid=False,
)

code = Table(
    "code",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    text("client_id"),
    text("grant_id"),
    text("redirect_uri"),
    text("scopes"),
    text("audience"),
    text("challenge"),
    moment("confirmed_at"),  # when the person last proved who they are
    count("ends_at"),
    moment("used_at"),
    Index("ix_code_ends_at", "ends_at"),
    sqlite_with_rowid=False,
)

refresh = Table(
    "refresh",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    text("id"),
    text("pepper_id"),
    text("client_id"),
    text("grant_id"),
    text("scopes"),
    text("audience"),
    moment("confirmed_at"),
    count("made_at"),
    count("ends_at"),
    moment("used_at"),
    sealed(),  # what took its place
    Index("ix_refresh_id", "id", unique=True),
    Index("ix_refresh_grant_id", "grant_id"),
    Index("ix_refresh_ends_at", "ends_at"),
    sqlite_with_rowid=False,
)

device = Table(
    "device",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    text("user_code"),
    text("client_id"),
    text("grant_id"),  # empty until somebody agreed
    text("scopes"),
    text("audience"),
    text("state"),
    moment("confirmed_at"),
    Column("interval_s", Integer, nullable=False),
    moment("polled_at"),
    count("ends_at"),
    Index("ix_device_user_code", "user_code", unique=True),
    Index("ix_device_client_id", "client_id"),
    Index("ix_device_ends_at", "ends_at"),
    sqlite_with_rowid=False,
)

credential = Table(
    "credential",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token_id", Text, ForeignKey("token.id"), nullable=False),
    text("kind"),
    text("algorithm"),
    text("public"),  # a JWK, empty for a shared secret
    sealed(),
    Column("digest", LargeBinary, nullable=False),  # of a shared secret, to find it by; else empty
    text("pepper_id"),
    count("created_at"),
    moment("expires_at"),
    Index("ix_credential_token_id", "token_id"),
    Index("ix_credential_digest", "digest"),
    sqlite_with_rowid=False,
)

replay = Table(
    "replay",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("ends_at", BigInteger, nullable=False),
    Index("ix_replay_ends_at", "ends_at"),
    sqlite_with_rowid=False,
)
