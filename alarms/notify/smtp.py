"""Notifications as e-mail, by a server that is spoken to over TLS unless it is on this machine."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from threading import Timer
from typing import Any

from alarms.model.errors import PermanentFailure, TemporaryFailure, Unanswered
from alarms.model.notification import Notification
from alarms.notify.mail import mail_of
from alarms.notify.recipients import FanOut, addressed
from alarms.notify.wording import languages_of
from alarms.policy.channel import Encryption, SmtpChannel

TIMEOUT_SECONDS = 5.0  # of each step of the conversation
ANSWER_SECONDS = 20.0  # to say that it has the whole mail, which it may look into first
MOST_SECONDS = 40.0  # of all of it, below the dispatcher's lease
PERMANENT_FROM = 500


@dataclass(frozen=True, slots=True)
class MailSecrets:
    """``tls`` says whose certificates are believed. A password is only ever sent over TLS."""

    password: str = ""
    tls: ssl.SSLContext | None = None


class SmtpNotifier:
    """A ``Notifier``. Each recipient is one delivery, in one conversation; they see each other."""

    def __init__(
        self, channel: SmtpChannel, secrets: MailSecrets | None = None, seconds: float = MOST_SECONDS
    ) -> None:
        self._channel = channel
        self._secrets = secrets or MailSecrets()
        self._seconds = seconds
        self._mailboxes = FanOut()

    def send(self, notification: Notification) -> str:
        channel = self._channel
        mailboxes = addressed(notification, channel.recipients, "smtp")
        languages = languages_of(notification.message, channel.languages)
        try:
            mail = mail_of(notification, channel.sender, mailboxes, languages)
        except ValueError:
            raise PermanentFailure("smtp", "an address holds what no mail header can") from None
        with _failures(), self._conversation() as connection:
            return self._mailboxes.tell(notification, mailboxes, lambda to: self._one(connection, mail, to))

    def _one(self, connection: smtplib.SMTP, mail: EmailMessage, mailbox: str) -> str:
        with _failures():
            connection.send_message(mail, to_addrs=[mailbox])
        return str(mail["Message-ID"])

    @contextlib.contextmanager
    def _conversation(self) -> Iterator[smtplib.SMTP]:
        connection = self._connected()
        try:
            self._sign_in(connection)
            yield connection
            with contextlib.suppress(smtplib.SMTPException, OSError):  # what was said before counts
                connection.quit()
        finally:
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        place = (self._channel.host, self._channel.port, self._seconds)
        if self._channel.encryption is Encryption.TLS:
            return _TlsFromTheStart(*place, context=self._tls())
        return _Limited(*place)

    def _sign_in(self, connection: smtplib.SMTP) -> None:
        if self._channel.encryption is Encryption.STARTTLS:
            connection.starttls(context=self._tls())
        if self._channel.encryption is not Encryption.NONE and self._channel.user is not None:
            connection.login(self._channel.user, self._secrets.password)

    def _tls(self) -> ssl.SSLContext:
        return self._secrets.tls or ssl.create_default_context()


class _Limited(smtplib.SMTP):
    """Cut off when its time is over: a server may say a byte now and then for ever."""

    def __init__(self, host: str, port: int, seconds: float, **more: Any) -> None:
        self.sock: socket.socket | None = None
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()
        try:
            super().__init__(host, port, timeout=TIMEOUT_SECONDS, **more)
        except BaseException:
            self._timer.cancel()
            raise

    def _cut(self) -> None:
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Raises Unanswered: the server may have the mail, and does not say so."""
        if self.sock is not None:
            self.sock.settimeout(ANSWER_SECONDS)
        try:
            return super().data(msg)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise Unanswered("smtp", f"{type(error).__name__}: {error}") from None

    def close(self) -> None:
        self._timer.cancel()
        super().close()


class _TlsFromTheStart(_Limited, smtplib.SMTP_SSL):
    """The same, encrypted before the server's greeting."""


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """What went wrong, and whether trying again can help; never what was said while signing in."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        kind = PermanentFailure if error.smtp_code >= PERMANENT_FROM else TemporaryFailure
        raise kind("smtp", f"answered {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        kind = PermanentFailure if min(codes) >= PERMANENT_FROM else TemporaryFailure
        raise kind("smtp", f"the mail server refused the recipient ({codes[0]})") from None
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentFailure("smtp", f"the mail server cannot do what is needed: {error}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise TemporaryFailure("smtp", f"{type(error).__name__}: {error}") from None
