"""Mail to people: one plain text to one address, through the mail server that the operator names (settings.py)."""

import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr

from .settings import MailServer, Settings, Tls

TIMEOUT_SECONDS = 20


class NoMailServer(Exception):
    """The settings name none: nothing can be mailed."""

    def __init__(self) -> None:
        super().__init__("no mail server is set; set QBWC_SMTP_URL and QBWC_MAIL_FROM")


class WrongMail(ValueError):
    """An address or a subject that cannot stand in a mail's head: what follows a line break there would be a head of
    its own."""


class NotSent(Exception):
    """The mail server could not be reached, or did not take the mail; says why."""


class Mailer:
    """Sends mail one by one; each opens a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._server = settings.mail

    @property
    def is_on(self) -> bool:
        return self._server is not None

    def send(self, to: str, subject: str, text: str) -> None:
        """When it returns, the mail server has the mail. Raises NoMailServer, WrongMail, NotSent."""
        if self._server is None:
            raise NoMailServer
        message = _message(self._server.sender, to, subject, text)
        try:
            with _connected(self._server) as smtp:
                smtp.send_message(message)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise NotSent(_reason(error)) from error


def _message(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = _address(to)
    if not subject.isprintable():
        raise WrongMail(f"{subject!r} cannot stand as a subject")
    message["Subject"] = subject
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # so that no absence note comes back
    message.set_content(text)
    return message


def _address(to: str) -> Address:
    """-> one address; a domain in another script is written as the mail system knows it."""
    local, _, domain = to.strip().rpartition("@")
    try:
        if not to.isprintable() or not domain:
            raise WrongMail(f"{to!r} is not a mail address")
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode('ascii')}")
    except (ValueError, IndexError, MessageError):
        raise WrongMail(f"{to!r} is not a mail address") from None


def _connected(server: MailServer) -> smtplib.SMTP:
    if server.tls is Tls.FROM_THE_START:
        context = ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        if server.tls is Tls.STARTTLS:
            smtp.starttls(context=ssl.create_default_context())
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _reason(error: Exception) -> str:
    """-> what the server said, on one line; never what was sent to it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        error = smtplib.SMTPResponseException(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return " ".join(f"the mail server answered {error.smtp_code}: {text}".split())[:300]
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
