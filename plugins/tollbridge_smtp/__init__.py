"""Mail over SMTP, for webhooks at `mailto:`.  Only the hook is here; the rest loads with a gateway that mails."""

from collections.abc import Callable

from tollbridge import Mailer, MailHost, hookimpl


@hookimpl
def register_mailers(register: Callable[[str, Callable[[MailHost], Mailer]], None]) -> None:
    """Offer `smtp://`, which goes on with TLS by STARTTLS, and `smtps://`, which begins with it."""
    register("smtp", _mailer)
    register("smtps", _mailer)


def _mailer(host: MailHost) -> Mailer:
    from tollbridge_smtp.mailer import SmtpMailer

    return SmtpMailer(host)
