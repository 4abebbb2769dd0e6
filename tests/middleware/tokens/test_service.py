"""Issuing, finding and revoking tokens, on a real store."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tollbridge.errors import BadRequest, Denied, InternalError, Unavailable
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.model import Environment, TokenKind, TokenState
from tollbridge.tokens.peppers import Digest, OnePepper
from tollbridge.tokens.secret import TEST_PREFIX
from tollbridge.tokens.service import LONGEST_OVERLAP, MOST_ABOVE, TokenService

PEPPER = b"p" * 32


def made(store: SqliteStore, pepper: bytes = PEPPER) -> TokenService:
    return TokenService(store, store, OnePepper(pepper), FixedClock(), audit_key=sample_key)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[TokenService]:
    clock = FixedClock()
    store = SqliteStore(lay_database(tmp_path / "t.db"), clock)
    await store.open()
    yield TokenService(store, store, OnePepper(PEPPER), clock, audit_key=sample_key)
    await store.close()


async def test_issued_token_is_found_by_its_secret_until_it_is_revoked(service: TokenService) -> None:
    issued = await service.issue(name=" laptop ", owner=" me ")
    secret = issued.secret.encode()

    found = await service.identify(secret)
    revoked = await service.revoke(issued.token.id)

    assert found is not None
    assert (found.id, found.name, found.owner) == (issued.token.id, "laptop", "me")
    assert revoked is not None
    assert await service.identify(secret) is None


async def test_secret_is_in_no_repr(service: TokenService) -> None:
    issued = await service.issue(name="laptop")

    assert issued.secret not in repr(issued)


async def test_malformed_secret_costs_no_look_up(service: TokenService) -> None:
    issued = await service.issue(name="laptop")
    asked: list[bytes] = []

    class Counting:
        async def find_principal(self, digest: bytes) -> None:
            asked.append(digest)

        def recall_principal(self, digest: bytes) -> None:
            """Remember nothing."""

    counting = made(Counting())  # type: ignore[arg-type]  # only looked up
    flipped = issued.secret[:-1] + ("0" if issued.secret[-1] != "0" else "1")

    assert await counting.identify(flipped.encode()) is None
    assert counting.recall(flipped.encode()) is None
    assert asked == []
    assert await counting.identify(issued.secret.encode()) is None
    assert len(asked) == 1


async def test_token_of_another_pepper_is_unknown(service: TokenService, tmp_path: Path) -> None:
    issued = await service.issue(name="laptop")
    store = SqliteStore(lay_database(tmp_path / "t.db"), FixedClock())
    await store.open()

    found = await made(store, b"q" * 32).identify(issued.secret.encode())
    await store.close()

    assert found is None


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a", "scopes": ()}, "scopes"),
        ({"name": "a", "scopes": ("chat",)}, "scopes"),
        ({"name": "a", "expires_at": FixedClock().now() - timedelta(days=1)}, "expires_at"),
        ({"name": "a", "tags": ("two words",)}, "tags"),
        ({"name": "a", "metadata": {"": "x"}}, "metadata"),
        ({"name": "a", "rotate_days": -1}, "rotate_days"),
    ],
)
async def test_what_cannot_be_a_token_is_refused_by_field(service: TokenService, options, param) -> None:
    with pytest.raises(BadRequest) as caught:
        await service.issue(**options)

    assert caught.value.param == param


async def test_unknown_token_cannot_be_revoked(service: TokenService) -> None:
    assert await service.revoke("tok_none") is None


@pytest.mark.parametrize("pepper", [b"", b"short"])
def test_short_pepper_is_refused(pepper: bytes) -> None:
    with pytest.raises(ValueError, match="shorter than 32 bytes"):
        OnePepper(pepper)


async def test_secret_is_recalled_once_it_was_found(service: TokenService) -> None:
    issued = await service.issue(name="laptop")
    secret = issued.secret.encode()

    before, found, after = service.recall(secret), await service.identify(secret), service.recall(secret)

    assert before is None
    assert found is not None
    assert after == found


async def test_token_of_a_test_environment_is_told_by_its_beginning(service: TokenService) -> None:
    issued = await service.issue(name="ci", environment=Environment.TEST, kind=TokenKind.SECRET)

    assert issued.secret.startswith(TEST_PREFIX)
    found = await service.identify(issued.secret.encode())
    assert found is not None
    assert (found.environment, found.kind) == (Environment.TEST, TokenKind.SECRET)
    rotated = await service.rotate(issued.token.id)
    assert rotated is not None
    assert rotated.secret.startswith(TEST_PREFIX)


@pytest.mark.parametrize(("own", "days"), [(None, 90), (7, 7), (0, None)])
async def test_secret_ends_by_the_tokens_rule_or_the_general_one(
    service: TokenService, own: int | None, days: int | None
) -> None:
    issued = await service.issue(name="laptop", rotate_days=own)

    (secret,) = issued.token.secrets
    assert secret.expires_at == (None if days is None else secret.created_at + timedelta(days=days))


async def test_rotation_gives_a_second_secret_and_ends_the_first_after_the_overlap(
    tmp_path: Path, service: TokenService
) -> None:
    issued = await service.issue(name="laptop")

    rotated = await service.rotate(issued.token.id, timedelta(hours=1))

    assert rotated is not None
    assert rotated.secret != issued.secret
    newer, older = sorted(rotated.token.secrets, key=lambda secret: secret.expires_at or secret.created_at)[::-1]
    assert older.expires_at == older.created_at + timedelta(hours=1)
    assert newer.expires_at == newer.created_at + timedelta(days=90)
    for secret in (issued.secret, rotated.secret):
        found = await service.identify(secret.encode())
        assert found is not None
        assert found.id == issued.token.id


async def test_what_was_granted_is_given_no_secret(service: TokenService) -> None:
    for kind in (TokenKind.ACCESS, TokenKind.MEMBER, TokenKind.TEAM):
        issued = await service.issue(name="x", kind=kind)

        with pytest.raises(BadRequest, match=f"of the kind {kind} has no secret"):
            await service.rotate(issued.token.id)


async def test_rotation_at_once_refuses_the_old_secret_at_once(service: TokenService) -> None:
    issued = await service.issue(name="laptop")

    await service.rotate(issued.token.id, timedelta(0))

    assert await service.identify(issued.secret.encode()) is None


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), LONGEST_OVERLAP + timedelta(seconds=1)])
async def test_overlap_out_of_bounds_is_refused(service: TokenService, overlap: timedelta) -> None:
    issued = await service.issue(name="laptop")

    with pytest.raises(BadRequest, match="30 days") as caught:
        await service.rotate(issued.token.id, overlap)

    assert caught.value.param == "overlap"


async def test_unknown_token_is_told_by_none_whatever_is_asked(service: TokenService) -> None:
    assert await service.rotate("tok_none") is None
    assert await service.change("tok_none", TokenChange(name="x")) is None
    assert await service.disable("tok_none") is None
    assert await service.enable("tok_none") is None


async def test_disabled_token_opens_again_once_it_is_enabled(service: TokenService) -> None:
    issued = await service.issue(name="laptop")

    off = await service.disable(issued.token.id)
    shut = await service.identify(issued.secret.encode())
    on = await service.enable(issued.token.id)

    assert off is not None
    assert on is not None
    assert (off.state, on.state, shut) == (TokenState.DISABLED, TokenState.ACTIVE, None)
    assert await service.identify(issued.secret.encode()) is not None


async def test_change_is_checked_as_a_wish_is(service: TokenService) -> None:
    issued = await service.issue(name="laptop", scopes=("ai:*",))

    changed = await service.change(issued.token.id, TokenChange(name=" desk ", scopes=("ai:chat", "ai:chat")))

    assert changed is not None
    assert (changed.name, changed.scopes) == ("desk", ("ai:chat",))
    for change in (TokenChange(name=""), TokenChange(scopes=()), TokenChange(tags=("a b",))):
        with pytest.raises(BadRequest):
            await service.change(issued.token.id, change)


async def test_minter_gives_at_most_what_it_holds_and_stands_above(service: TokenService) -> None:
    parent = await service.issue(name="team", scopes=("ai:*", "model:gpt-*"))
    minter = await service.identify(parent.secret.encode())

    minted = await service.issue(name="job", scopes=("ai:chat", "model:gpt-4o"), minter=minter)

    assert minted.token.parent == parent.token.id
    with pytest.raises(Denied, match=r"'model:\*' reaches beyond") as caught:
        await service.issue(name="job", scopes=("ai:chat", "model:*"), minter=minter)
    assert (caught.value.status, caught.value.code, caught.value.param) == (403, "scope_beyond", "scopes")
    with pytest.raises(Denied):
        await service.change(minted.token.id, TokenChange(scopes=("admin:*",)), editor=minter)
    assert await service.change(minted.token.id, TokenChange(name="x"), editor=minter) is not None
    assert await service.change(minted.token.id, TokenChange(scopes=("ai:*",)), editor=minter) is not None


@pytest.mark.parametrize("narrower", ["", "c"], ids=["the same", "less each time"])
async def test_tokens_stand_below_each_other_so_deep_and_no_deeper(service: TokenService, narrower: str) -> None:
    secret = (await service.issue(name="0", scopes=("ai:*",))).secret
    for depth in range(MOST_ABOVE):
        minter = await service.identify(secret.encode())
        secret = (await service.issue(name=str(depth), scopes=(f"ai:{narrower * (depth + 1)}*",), minter=minter)).secret

    minter = await service.identify(secret.encode())
    with pytest.raises(BadRequest, match="8 deep at most"):
        await service.issue(name="deeper", scopes=(f"ai:{narrower * 30}*",), minter=minter)


class Two:
    """Hashes with two peppers, the second one in use."""

    id = "2"

    def __init__(self) -> None:
        self._old, self._new = OnePepper(PEPPER), OnePepper(b"n" * 32, "2")

    def digest(self, secret: bytes) -> Digest:
        return self._new.digest(secret)

    def digests(self, secret: bytes) -> tuple[Digest, ...]:
        return (self._new.digest(secret), self._old.digest(secret))


async def test_secret_under_an_older_pepper_moves_to_the_one_in_use(service: TokenService, tmp_path: Path) -> None:
    issued = await service.issue(name="laptop")
    secret = issued.secret.encode()
    store = SqliteStore(lay_database(tmp_path / "t.db"), FixedClock())
    await store.open()
    both = TokenService(store, store, Two(), FixedClock(), audit_key=sample_key)

    first, again = await both.identify(secret), await both.identify(secret)

    assert first == again
    assert await store.count_secrets() == {"2": 1}
    assert both.recall(secret) == again
    assert await made(store, b"n" * 32).identify(secret) is not None
    await store.close()


async def test_secret_is_known_without_being_moved_by_who_only_wants_to_know(
    service: TokenService, tmp_path: Path
) -> None:
    issued = await service.issue(name="laptop")
    store = SqliteStore(lay_database(tmp_path / "t.db"), FixedClock())
    await store.open()
    both = TokenService(store, store, Two(), FixedClock(), audit_key=sample_key)

    found = await both.whose(issued.secret.encode())

    assert found is not None
    assert found.id == issued.token.id
    assert await both.whose(b"tb_nobody's") is None
    assert list(await store.count_secrets()) == ["1"]
    await store.close()


async def test_secret_that_cannot_be_moved_opens_all_the_same(service: TokenService, tmp_path: Path) -> None:
    issued = await service.issue(name="laptop")
    store = SqliteStore(lay_database(tmp_path / "t.db"), FixedClock())
    await store.open()

    class Stuck:
        async def rehash_secret(self, digest: bytes, anew: bytes, pepper_id: str) -> None:
            raise Unavailable("not now")

    both = TokenService(store, Stuck(), Two(), FixedClock(), audit_key=sample_key)  # type: ignore[arg-type]  # only that
    with capture_logs() as lines:
        found = await both.identify(issued.secret.encode())
    await store.close()

    assert found is not None
    assert [(line["event"], line["pepper"]) for line in lines] == [("secret_not_rehashed", "1")]


async def test_tokens_are_found_and_not_changed_without_a_key_for_the_audit_log(
    service: TokenService, tmp_path: Path
) -> None:
    issued = await service.issue(name="laptop")
    store = SqliteStore(lay_database(tmp_path / "t.db"), FixedClock())
    await store.open()
    finding = TokenService(store, store, OnePepper(PEPPER), FixedClock())

    assert await finding.identify(issued.secret.encode()) is not None
    with pytest.raises(InternalError):
        await finding.revoke(issued.token.id)
    assert await finding.identify(issued.secret.encode()) is not None
    await store.close()


def test_secret_of_another_length_is_not_recalled(tmp_path: Path) -> None:
    assert TokenService(None, None, OnePepper(PEPPER), FixedClock(), audit_key=sample_key).recall(b"tb_") is None  # type: ignore[arg-type]  # not asked


async def test_owner_that_is_a_persons_id_is_given_by_that_person_alone(service: TokenService) -> None:
    issued = await service.issue(name="of the operator", owner="per_1")
    person = await service.identify(issued.secret.encode())
    assert person is not None

    assert (await service.issue(name="mine", owner=" per_1 ", minter=person)).token.owner == "per_1"
    assert (await service.issue(name="ours", owner="the shop", minter=person)).token.owner == "the shop"
    with pytest.raises(Denied, match="that person alone") as caught:
        await service.issue(name="theirs", owner=" per_2", minter=person)
    assert (caught.value.code, caught.value.param) == ("out_of_reach", "owner")
