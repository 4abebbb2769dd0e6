"""Mails handed over to a host by SMTP (RFC 5321, 3207, 4954): the standard library's client, in threads of its own."""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import structlog

from tollbridge import Attempt, MailHost
from tollbridge_smtp.places import Place, place_of

_PATIENCE_S = 10.0
"""For each word of the host; whoever asks has a patience of their own for the whole."""
_MOST_AT_ONCE = 4
_LONGEST_SAID = 300
_TEMPORARY = range(400, 500)

log = structlog.get_logger("tollbridge")


class SmtpMailer:
    """Hands mails over to one host.  A thread that the host keeps waiting ends with who waits for it."""

    def __init__(self, host: MailHost) -> None:
        self._place = place_of(host)
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="tollbridge-smtp")

    async def send(self, mail: EmailMessage) -> Attempt:
        """Hand over one mail; says what the host said."""
        handing = _Handing(self._place, mail)
        try:
            return await asyncio.wrap_future(self._threads.submit(handing.run))
        finally:
            handing.stop()


class _Handing:
    """One mail, handed over in a thread.  `stop` is called from another one."""

    def __init__(self, place: Place, mail: EmailMessage) -> None:
        self._place = place
        self._mail = mail
        self._opened: list[smtplib.SMTP] = []
        self._stopped = False

    def run(self) -> Attempt:
        try:
            with closing(self._open()) as session:
                return self._hand_over(session)
        except smtplib.SMTPRecipientsRefused as exc:
            ((code, said),) = exc.recipients.values()
            return _refused(code, said)
        except smtplib.SMTPSenderRefused as exc:
            return _refused(exc.smtp_code, exc.smtp_error)
        except smtplib.SMTPDataError as exc:
            return _refused(exc.smtp_code, exc.smtp_error)
        except smtplib.SMTPResponseException as exc:  # of the host itself, not of this mail
            return _refused(exc.smtp_code, exc.smtp_error, busy=True)
        except (smtplib.SMTPException, OSError) as exc:
            log.warning("mail_host_not_reached", host=self._place.host, reason=_shown(str(exc)))
            return Attempt("unreachable", busy=True)

    def stop(self) -> None:
        self._stopped = True
        for session in self._opened:
            if session.sock is not None:
                with suppress(OSError):
                    session.sock.shutdown(socket.SHUT_RDWR)

    def _open(self) -> smtplib.SMTP:
        place, from_domain = self._place, _address(self._mail["From"]).domain
        options: dict[str, Any] = {"local_hostname": from_domain, "timeout": _PATIENCE_S, "begun": self._opened.append}
        if place.tls:
            return _TlsSession(place.host, place.port, context=ssl.create_default_context(), **options)
        return _Session(place.host, place.port, **options)

    def _hand_over(self, session: smtplib.SMTP) -> Attempt:
        place, mail = self._place, self._mail
        session.ehlo_or_helo_if_needed()
        if not place.tls and not place.insecure:
            if session.has_extn("starttls"):
                session.starttls(context=ssl.create_default_context())
            elif not place.plain:
                log.error("mail_host_without_tls", host=place.host)
                return Attempt("no_tls", busy=True)
        if place.user:
            session.login(place.user, place.password)
        if self._stopped:
            return Attempt("unreachable", busy=True)
        sender, to = _address(mail["From"]).addr_spec, _address(mail["To"]).addr_spec
        session.send_message(mail, sender, [to])
        with suppress(OSError, smtplib.SMTPException):
            session.putcmd("quit")  # its answer is not waited for: the mail is there already
        return Attempt("delivered")


class _Session(smtplib.SMTP):
    """Says that it is begun before it connects, so that it can be stopped while it does."""

    def __init__(self, *where: Any, begun: Callable[[smtplib.SMTP], None], **options: Any) -> None:
        begun(self)
        super().__init__(*where, **options)


class _TlsSession(smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""

    def __init__(self, *where: Any, begun: Callable[[smtplib.SMTP], None], **options: Any) -> None:
        begun(self)
        super().__init__(*where, **options)


def _address(header: Any) -> Address:
    found: Address = header.addresses[0]
    return found


def _refused(code: int, said: bytes | str, *, busy: bool = False) -> Attempt:
    """Give what a refusal comes to, and log the host's own words: whoever looks after it needs them."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    log.warning("mail_refused", code=code, reason=_shown(text))
    return Attempt(f"smtp_{code}", busy=busy or code in _TEMPORARY)


def _shown(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST_SAID]
