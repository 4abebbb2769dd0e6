"""The tables of teams, people and their sessions, for SQLAlchemy.

What a team, and a person in a team, may do stands in a row of `token` of its own, the `holder`: a team is above its
members and its tokens, a member above the tokens and grants of theirs.
"""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from tollbridge.stores.columns import count, metadata, moment, text

team = Table(
    "team",
    metadata,
    Column("name", Text, primary_key=True),  # what `token.team` holds
    text("holder"),
    text("title"),
    text("description"),
    count("created_at"),
    moment("ended_at"),
    Column("rotate_days", Integer),
    sqlite_with_rowid=False,
)

role = Table(
    "role",
    metadata,
    Column("name", Text, primary_key=True),
    text("scopes"),
    text("description"),
    count("created_at"),
    sqlite_with_rowid=False,
)

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    text("name"),
    text("email"),  # in lower case
    text("password"),  # argon2id in its own format, empty without one
    count("created_at"),
    moment("disabled_at"),
    moment("password_at"),  # when it was last set or taken away: no session from before opens
    moment("last_seen_at"),
    Index("ix_person_email", "email", unique=True),
    sqlite_with_rowid=False,
)

member = Table(
    "member",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("team", Text, primary_key=True),  # empty for the whole bridge
    text("role"),
    text("holder"),
    text("via"),  # the issuer whose groups made this so, empty where somebody did
    count("created_at"),
    Index("ix_member_team", "team"),
    Index("ix_member_holder", "holder", unique=True),
    sqlite_with_rowid=False,
)

invitation = Table(
    "invitation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),  # of the code
    text("team"),
    text("email"),  # in lower case
    text("role"),
    text("inviter"),  # who must be there still when it is accepted, empty for the operator
    text("webhook"),  # which the code was given to instead of the inviter
    count("created_at"),
    count("ends_at"),
    moment("accepted_at"),
    moment("withdrawn_at"),
    text("person_id"),  # who accepted
    Index("ix_invitation_digest", "digest", unique=True),
    Index("ix_invitation_team", "team", "id"),
    Index("ix_invitation_email", "email"),
    Index("ix_invitation_ends_at", "ends_at"),
    sqlite_with_rowid=False,
)

person_identity = Table(
    "person_identity",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    text("person_id"),
    count("created_at"),
    Index("ix_person_identity_person_id", "person_id"),
    sqlite_with_rowid=False,
)

session = Table(
    "session",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    text("person_id"),  # empty for the operator, who came by a link
    text("via"),
    text("client"),
    text("agent"),
    count("made_at"),
    count("seen_at"),
    count("ends_at"),
    count("confirmed_at"),  # when who it is was last proved
    Index("ix_session_person_id", "person_id"),
    Index("ix_session_ends_at", "ends_at"),
    sqlite_with_rowid=False,
)
