"""Notifications as e-mail. The dedup id is the Message-ID, so a mailbox shows a repeated one as the same."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage

from alarms.model.errors import PermanentFailure, TemporaryFailure
from alarms.model.notification import Notification

TIMEOUT_SECONDS = 5.0  # of each step of the conversation
PERMANENT_FROM = 500


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """``tls`` upgrades the connection before anything is said; a password is only ever sent over TLS."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None


class SmtpNotifier:
    """A ``Notifier``. ``recipients`` by team; ``*`` for every other team."""

    def __init__(self, server: SmtpServer, recipients: Mapping[str, str]) -> None:
        self._server = server
        self._recipients = dict(recipients)

    def send(self, notification: Notification) -> str:
        mail = self._mail(notification)
        try:
            with smtplib.SMTP(self._server.host, self._server.port, timeout=TIMEOUT_SECONDS) as connection:
                self._begin(connection)
                connection.send_message(mail)
        except smtplib.SMTPResponseException as error:
            kind = PermanentFailure if error.smtp_code >= PERMANENT_FROM else TemporaryFailure
            raise kind("smtp", f"answered {error.smtp_code}") from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            kind = PermanentFailure if min(codes) >= PERMANENT_FROM else TemporaryFailure
            raise kind("smtp", f"the mail server refused the recipient ({codes[0]})") from error
        except (smtplib.SMTPException, OSError) as error:
            raise TemporaryFailure("smtp", f"{type(error).__name__}: {error}") from error
        return str(mail["Message-ID"])

    def _begin(self, connection: smtplib.SMTP) -> None:
        if self._server.tls is not None:
            connection.starttls(context=self._server.tls)
            if self._server.user is not None and self._server.password is not None:
                connection.login(self._server.user, self._server.password)

    def _mail(self, notification: Notification) -> EmailMessage:
        recipient = self._recipients.get(notification.team) or self._recipients.get("*")
        if recipient is None:
            raise PermanentFailure("smtp", f"no recipient is configured for team {notification.team}")
        message = notification.message
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = recipient
        mail["Subject"] = " ".join(message.subject.split())
        mail["Message-ID"] = f"<{notification.dedup_id}@mirante>"
        mail["X-Mirante-Severity"] = notification.severity.value
        mail.set_content(f"{message.body}\n\n-- \n{message.subject_pt}\n\n{message.body_pt}\n")
        return mail
