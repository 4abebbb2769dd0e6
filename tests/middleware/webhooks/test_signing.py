"""Messages are signed so that whoever keeps to the specification can tell them from others'."""

from base64 import b64decode
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tollbridge.webhooks.signing import headers, make_key, shown, signature

BODY = b'{"type":"token.rotate","name":"caf\xc3\xa9"}'


def now_s() -> int:
    """Give the time: the receiver's library looks at the machine's clock."""
    return int(datetime.now(UTC).timestamp())


def sent(*keys: bytes, at_s: int | None = None, body: bytes = BODY) -> dict[str, str]:
    found = headers(keys, "msg_1", now_s() if at_s is None else at_s, body)
    return {name.decode(): value.decode() for name, value in found}


def test_receiver_by_the_specifications_authors_verifies_a_message() -> None:
    key = make_key()

    said = Webhook(shown(key)).verify(BODY, sent(key))

    assert said == {"type": "token.rotate", "name": "café"}


def test_message_signed_with_two_secrets_is_verified_by_who_has_either() -> None:
    old, new = make_key(), make_key()

    for key in (old, new):
        Webhook(shown(key)).verify(BODY, sent(new, old))
    with pytest.raises(WebhookVerificationError):
        Webhook(shown(make_key())).verify(BODY, sent(new, old))


@pytest.mark.parametrize("change", [{"webhook-id": "msg_2"}, {"webhook-timestamp": "late"}, {"body": "x"}])
def test_message_that_was_changed_is_not_verified(change: dict[str, str]) -> None:
    key = make_key()
    known = sent(key)
    if "webhook-timestamp" in change:
        change = {"webhook-timestamp": str(int(known["webhook-timestamp"]) + 1)}
    body = BODY + change.pop("body", "").encode()

    with pytest.raises(WebhookVerificationError):
        Webhook(shown(key)).verify(body, {**known, **change})


def test_signature_is_that_of_the_specifications_own_libraries() -> None:
    # libraries/csharp/StandardWebhooks.Tests/WebhookTest.cs, read 2026-11
    key = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'

    found = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)

    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("key", [b"", b"k" * 23, bytes(range(23)), bytes(range(65)), b"k" * 32, bytes(32)])
def test_secret_that_proves_nothing_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="24 to 64 random bytes"):
        signature(key, "msg_1", 1, BODY)
    with pytest.raises(ValueError, match="24 to 64 random bytes"):
        headers([make_key(), key], "msg_1", 1, BODY)


def test_message_is_not_sent_without_a_signature() -> None:
    with pytest.raises(ValueError, match="no secret that is live"):
        headers([], "msg_1", 1, BODY)
