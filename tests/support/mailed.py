"""A mailer of a plugin's that keeps the mails it is given."""

from collections.abc import Callable
from email.message import EmailMessage

from tollbridge import Attempt, Mailer, MailHost, hookimpl

SENDER = "bridge@gw.example.com"


class Mails:
    """The plugin and its mailer: `answers` are what becomes of the mails, in turn, then all of them arrive."""

    def __init__(self, *answers: Attempt | Exception) -> None:
        self.sent: list[EmailMessage] = []
        self.host: MailHost | None = None
        self._answers = [*answers]

    @hookimpl
    def register_mailers(self, register: Callable[[str, Callable[[MailHost], Mailer]], None]) -> None:
        register("kept", self._open)

    def _open(self, host: MailHost) -> Mailer:
        self.host = host
        return self

    async def send(self, mail: EmailMessage) -> Attempt:
        self.sent.append(mail)
        answer = self._answers.pop(0) if self._answers else Attempt("delivered")
        if isinstance(answer, Exception):
            raise answer
        return answer


def mailing(**options: object) -> dict[str, object]:
    """Give a configuration that mails by it."""
    return {"mail": {"url": "kept://mail.example.com", "sender": SENDER, **options}}
