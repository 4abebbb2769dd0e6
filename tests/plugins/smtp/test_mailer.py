"""Mails are handed over with TLS that is verified, or not at all; whatever the host says is an outcome."""

import asyncio
import socket
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.certificates import Certificates, certificates_for
from tests.support.mailhost import NEVER, MailHost
from tests.support.waiting import until

from tollbridge import Attempt
from tollbridge import MailHost as Given
from tollbridge_smtp.mailer import SmtpMailer

PASSWORD = "a-password-of-the-host"
ELSEWHERE, HERE = "mail.example.com", "localhost"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """Give a certificate of the host elsewhere that this process trusts."""
    made = certificates_for(ELSEWHERE, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    return made


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a name that is not this machine's lead to it."""
    resolve = socket.getaddrinfo

    def resolve_here(host: Any, *asked: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == ELSEWHERE else host, *asked, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_here)


def mail(text: str = "Hello.\n") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Tollbridge <bridge@example.com>", "ops@example.com", "Hello"
    made.set_content(text)
    return made


async def sent(
    host: MailHost, at: str = ELSEWHERE, *, scheme: str = "smtp", user: str = "", insecure: bool = False
) -> Attempt:
    async with host:
        url = f"{scheme}://{user and user + '@'}{at}:{host.port}"
        given = Given(url, password=PASSWORD if user else "", insecure=insecure)
        return await SmtpMailer(given).send(mail(".a line that begins with a dot\n"))


async def test_mail_crosses_after_starttls_with_the_login_behind_it(trusted: Certificates) -> None:
    host = MailHost(tls=trusted.server)

    attempt = await sent(host, user="ada%40example.com")

    assert attempt == Attempt("delivered")
    (taken,) = host.taken
    assert (taken.tls, taken.login) == (True, f"ada@example.com {PASSWORD}")
    assert (taken.sender, taken.to) == ("bridge@example.com", ["ops@example.com"])
    assert taken.mail["Subject"] == "Hello"
    assert taken.mail.get_content().splitlines() == [".a line that begins with a dot"]
    assert host.words[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


async def test_tls_from_the_first_byte(trusted: Certificates) -> None:
    host = MailHost(tls=trusted.server, at_once=True)

    attempt = await sent(host, scheme="smtps", user="ada")

    assert attempt == Attempt("delivered")
    assert (host.taken[0].tls, host.taken[0].login) == (True, f"ada {PASSWORD}")


@pytest.mark.parametrize("at_once", [False, True])
async def test_host_whose_certificate_nobody_vouches_for_gets_neither_password_nor_mail(
    tmp_path: Path, at_once: bool
) -> None:
    host = MailHost(tls=certificates_for(ELSEWHERE, tmp_path).server, at_once=at_once)

    with capture_logs() as lines:
        attempt = await sent(host, scheme="smtps" if at_once else "smtp", user="ada")

    assert attempt == Attempt("unreachable", busy=True)
    assert (host.taken, "AUTH" in host.words) == ([], False)
    assert "CERTIFICATE_VERIFY_FAILED" in lines[0]["reason"]


async def test_certificate_of_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = MailHost(tls=certificates_for("other.example.com", tmp_path).server)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))

    assert await sent(host, user="ada") == Attempt("unreachable", busy=True)
    assert "AUTH" not in host.words


async def test_host_that_offers_no_tls_gets_neither_password_nor_mail() -> None:
    host = MailHost()

    assert await sent(host, user="ada") == Attempt("no_tls", busy=True)
    assert host.words == ["EHLO"]


async def test_host_that_takes_starttls_back_is_left(trusted: Certificates) -> None:
    host = MailHost({"STARTTLS": "454 not now"}, tls=trusted.server)

    assert await sent(host, user="ada") == Attempt("smtp_454", busy=True)
    assert host.words == ["EHLO", "STARTTLS"]


async def test_this_machine_and_what_the_operator_calls_insecure_take_mail_without_tls(
    tmp_path: Path,
) -> None:
    here, insecure = MailHost(), MailHost(tls=certificates_for("localhost", tmp_path).server)

    assert await sent(here, HERE) == Attempt("delivered")
    assert await sent(insecure, insecure=True, user="ada") == Attempt("delivered")
    assert (insecure.taken[0].tls, insecure.taken[0].login) == (False, f"ada {PASSWORD}")


@pytest.mark.parametrize(
    ("word", "says", "attempt"),
    [
        ("HELLO", "554 go away", Attempt("smtp_554", busy=True)),
        ("AUTH", "535 no", Attempt("smtp_535", busy=True)),
        ("MAIL", "550 not you", Attempt("smtp_550")),
        ("MAIL", "451 later", Attempt("smtp_451", busy=True)),
        ("RCPT", "550 no such mailbox", Attempt("smtp_550")),
        ("RCPT", "450 greylisted", Attempt("smtp_450", busy=True)),
        ("RCPT", "421 closing", Attempt("smtp_421", busy=True)),
        ("DATA", "554 no", Attempt("smtp_554")),
        ("TAKEN", "552 too big", Attempt("smtp_552")),
        ("TAKEN", "452 full", Attempt("smtp_452", busy=True)),
        ("HELLO", "nonsense", Attempt("smtp_-1", busy=True)),
    ],
)
async def test_what_the_host_refuses_is_an_outcome_and_its_words_are_for_the_log(
    word: str, says: str, attempt: Attempt
) -> None:
    host = MailHost({word: says})

    with capture_logs() as lines:
        found = await sent(host, HERE, user="ada")

    assert (found, host.taken) == (attempt, [])
    assert lines
    assert PASSWORD not in str(lines)


async def test_host_that_is_not_there_is_not_reached() -> None:
    async with MailHost() as host:
        port = host.port

    assert await SmtpMailer(Given(f"smtp://127.0.0.1:{port}")).send(mail()) == Attempt("unreachable", busy=True)


@pytest.mark.parametrize("word", ["HELLO", "EHLO", "TAKEN"])
async def test_thread_that_a_silent_host_keeps_waiting_ends_with_who_waits_for_it(word: str) -> None:
    async with MailHost({word: NEVER}) as host:
        sending = asyncio.create_task(SmtpMailer(Given(f"smtp://localhost:{host.port}")).send(mail()))
        await until(lambda: bool(host.begun) and (word == "HELLO" or word in host.said), "the host's silence")

        sending.cancel()

        await until(lambda: host.left == 1, "the end of the connection", within_s=5.0)
        with pytest.raises(asyncio.CancelledError):
            await sending
