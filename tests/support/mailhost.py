"""A mail host on loopback that speaks enough SMTP: STARTTLS, AUTH PLAIN, and refusals at any word."""

import asyncio
import ssl
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Self

GREETING, NEVER = "220 mail.test", ""
"""What it says first; and what it says where it says nothing, ever."""


@dataclass(slots=True)
class Taken:
    """A mail that it took: over TLS or not, from whom, to whom, and as whom it was logged in."""

    tls: bool = False
    login: str = ""
    sender: str = ""
    to: list[str] = field(default_factory=list)
    content: bytes = b""

    @property
    def mail(self) -> EmailMessage:
        found = message_from_bytes(self.content, policy=default)
        assert isinstance(found, EmailMessage)
        return found


class MailHost:
    """A host.  `says` are answers in place of its own, by the first word of what it is told, or `HELLO` at first.

    `tls` is for STARTTLS, which it offers then; with `at_once` the first byte is TLS already.
    """

    def __init__(
        self, says: Mapping[str, str] | None = None, *, tls: ssl.SSLContext | None = None, at_once: bool = False
    ) -> None:
        self.says = dict(says or {})
        self.taken: list[Taken] = []
        self.tried: list[Taken] = []
        self.words: list[str] = []
        self.said: list[str] = []
        self.begun = self.left = 0
        self._tls = tls
        self._at_once = at_once
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        first = self._tls if self._at_once else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=first)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in self._open:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self.begun += 1
        try:
            await self._converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self.left += 1
            self._open.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now = Taken(tls=self._at_once)
        writer.write(self._answer("HELLO", GREETING))
        while line := await reader.readline():
            word, _, rest = line.decode("ascii").strip().partition(" ")
            self.words.append(word.upper())
            own = {
                "EHLO": self._offers(now),
                "STARTTLS": "220 go on",
                "AUTH": "235 welcome",
                "DATA": "354 say it",
            }.get(word.upper(), "250 ok")
            answer = self._answer(word.upper(), own)
            if word.upper() == "AUTH":
                now.login = b64decode(rest.split()[1]).decode().replace("\0", " ").strip()
            elif word.upper() == "MAIL":
                now.sender = rest.partition("<")[2].partition(">")[0]
            elif word.upper() == "RCPT":
                now.to.append(rest.partition("<")[2].partition(">")[0])
            writer.write(answer)
            if word.upper() == "STARTTLS" and answer.startswith(b"220"):
                assert self._tls is not None
                await writer.start_tls(self._tls)
                now = Taken(tls=True)
            elif word.upper() == "DATA" and answer.startswith(b"354"):
                content = await reader.readuntil(b"\r\n.\r\n")
                now.content = content[:-3].replace(b"\r\n..", b"\r\n.")
                taken = self._answer("TAKEN", "250 taken")
                self.tried.append(now)
                if taken.startswith(b"250"):
                    self.taken.append(now)
                now = Taken(tls=now.tls, login=now.login)
                writer.write(taken)
            elif word.upper() == "QUIT":
                return

    def _offers(self, now: Taken) -> str:
        offered = ["mail.test", "AUTH PLAIN", "8BITMIME"]
        if self._tls is not None and not now.tls:
            offered.append("STARTTLS")
        return "\r\n".join([*(f"250-{one}" for one in offered[:-1]), f"250 {offered[-1]}"])

    def _answer(self, word: str, own: str) -> bytes:
        said = self.says.get(word, own)
        self.said.append(word)
        return f"{said}\r\n".encode() if said else b""
