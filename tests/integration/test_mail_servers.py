"""Mail by a server that wants TLS and a password: what it gets, and that nothing is said before that."""

from __future__ import annotations

import email.utils
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as email_policy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from alarms.model.errors import PermanentFailure, TemporaryFailure
from alarms.model.notification import Message, Notification, NotifyStep
from alarms.notify.smtp import MailSecrets, SmtpNotifier
from alarms.policy.channel import Encryption, Language, SmtpChannel
from dataplatform.local.server import free_port
from tests.support.certificates import Authority, make_authority, make_server_certificate
from tests.support.hostile_server import hostile
from tests.support.router_store_contract import notification

MESSAGE = Message(
    "[P1] disk: <b>DiskFull",
    "[P1] disco: cheio",
    "db-1 is full, since 03:12\nLook at https://x.example/?a=1&b=2 and run `df <dev>`",
    "db-1 está cheio, desde 03:12",
    page="https://mirante.example/console/incidents/1",
    acknowledge="https://mirante.example/acknowledge/1",
)
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # it counts STARTTLS only
RECIPIENTS = {"security": ("sec@x.org", "cert@x.org"), "*": ("ops@x.org",)}


def page(**more: Any) -> Notification:
    return replace(notification(target="security"), message=MESSAGE, **more)


@dataclass
class MailServer:
    """A real one; ``refused`` are answered once each with that status."""

    port: int = 0
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused.pop(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=email_policy)
        assert isinstance(mail, EmailMessage)
        self.mails.append((list(envelope.rcpt_tos), mail))
        return "250 kept"

    def authenticate(
        self, server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"mirante", b"p4ss")
        return AuthResult(success=good, handled=good)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"), "mail")


@contextmanager
def running(encryption: Encryption, authority: Authority, folder: Path) -> Iterator[MailServer]:
    server = MailServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*make_server_certificate(authority, folder))
    safe = encryption is not Encryption.NONE
    given: dict[str, Any] = {}
    if encryption is Encryption.TLS:
        given = {"ssl_context": context, "auth_require_tls": False}
    elif encryption is Encryption.STARTTLS:
        given = {"tls_context": context, "require_starttls": True}
    if safe:
        given |= {"authenticator": server.authenticate, "auth_required": True}
    server.port = free_port()
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **given)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def notifier(port: int, encryption: Encryption, authority: Authority, password: str = "p4ss") -> SmtpNotifier:
    user = None if encryption is Encryption.NONE else "mirante"
    channel = SmtpChannel("127.0.0.1", port, "mirante@x.org", RECIPIENTS, encryption, user)
    trusted = ssl.create_default_context(cafile=str(authority.certificate))
    return SmtpNotifier(channel, MailSecrets(password, trusted))


@pytest.mark.parametrize("encryption", Encryption)
def test_a_mail_arrives_with_both_forms_in_both_languages(
    encryption: Encryption, authority: Authority, tmp_path: Path
) -> None:
    with running(encryption, authority, tmp_path) as server:
        sent = page()
        taken = notifier(server.port, encryption, authority).send(sent)
        assert [to for to, _ in server.mails] == [["sec@x.org"], ["cert@x.org"]]
        (_, mail), (_, second) = server.mails
    assert taken.split(", ")[0] == mail["Message-ID"] == f"<{sent.dedup_id}@mirante>"
    assert second["Message-ID"] == mail["Message-ID"]
    assert (mail["To"], mail["Subject"]) == ("sec@x.org, cert@x.org", "[P1] disk: <b>DiskFull")
    assert email.utils.parsedate_to_datetime(mail["Date"]) == sent.created_at.replace(microsecond=0)
    assert (mail["Auto-Submitted"], mail["Importance"]) == ("auto-generated", "high")
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    for text in ("db-1 está cheio", "[P1] disco: cheio", "https://mirante.example/acknowledge/1", "Assumir"):
        assert text in plain.get_content()
        assert text in html.get_content()
    assert "<b>DiskFull" not in html.get_content()
    assert "run <code" in html.get_content()
    assert "df &lt;dev&gt;" in html.get_content()
    assert 'href="https://x.example/?a=1&amp;b=2"' in html.get_content()


def test_the_mails_of_one_incident_are_one_thread(authority: Authority, tmp_path: Path) -> None:
    with running(Encryption.NONE, authority, tmp_path) as server:
        told = notifier(server.port, Encryption.NONE, authority)
        told.send(page(target="business"))
        told.send(page(target="business", dedup_id="2", step=NotifyStep.RESOLVED))
        told.send(page(target="business", dedup_id="3", incident_id="other"))
        first, second, other = (mail for _, mail in server.mails)
    assert first["References"] == first["In-Reply-To"] == second["References"] != other["References"]
    assert first["Message-ID"] != second["Message-ID"]
    assert second["Importance"] is None


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "[P1] disk: <b>DiskFull"), ("pt", "[P1] disco: cheio")]
)
def test_a_channel_may_speak_one_language(
    authority: Authority, tmp_path: Path, language: str, subject: str
) -> None:
    with running(Encryption.NONE, authority, tmp_path) as server:
        channel = SmtpChannel(
            "127.0.0.1", server.port, "m@x.org", RECIPIENTS, Encryption.NONE, languages=(Language(language),)
        )
        SmtpNotifier(channel).send(page(address="ana@x.org"))
        ((to, mail),) = server.mails
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert (to, mail["Subject"]) == (["ana@x.org"], subject)
    assert ("is full" in plain.get_content()) is (language == "en")
    assert ("está cheio" in plain.get_content()) is (language == "pt")


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
def test_a_server_that_cannot_prove_who_it_is_is_told_nothing(
    encryption: Encryption, authority: Authority, tmp_path: Path
) -> None:
    stranger = make_authority(tmp_path, "stranger")
    with running(encryption, stranger, tmp_path) as server:
        with pytest.raises(TemporaryFailure, match="certificate verify failed"):
            notifier(server.port, encryption, authority).send(page())
        assert server.mails == []


def test_a_server_without_starttls_gets_no_password_and_no_mail(authority: Authority, tmp_path: Path) -> None:
    with running(Encryption.NONE, authority, tmp_path) as server:
        with pytest.raises(PermanentFailure, match="STARTTLS"):
            notifier(server.port, Encryption.STARTTLS, authority).send(page())
        assert server.mails == []


def test_a_wrong_password_is_permanent_and_not_repeated_in_the_error(
    authority: Authority, tmp_path: Path
) -> None:
    with running(Encryption.STARTTLS, authority, tmp_path) as server:
        with pytest.raises(PermanentFailure) as raised:
            notifier(server.port, Encryption.STARTTLS, authority, "wr0ng").send(page())
        assert "answered 535" in str(raised.value)
        assert "wr0ng" not in str(raised.value)
        assert server.mails == []


def test_who_is_put_off_is_told_by_the_next_try_and_only_once(authority: Authority, tmp_path: Path) -> None:
    with running(Encryption.NONE, authority, tmp_path) as server:
        server.refused["cert@x.org"] = "451 come back later"
        told = notifier(server.port, Encryption.NONE, authority)
        with pytest.raises(TemporaryFailure):
            told.send(page())
        told.send(page())
        assert [to for to, _ in server.mails] == [["sec@x.org"], ["cert@x.org"]]


def test_a_mailbox_that_is_gone_keeps_no_other_from_its_mail(authority: Authority, tmp_path: Path) -> None:
    with running(Encryption.NONE, authority, tmp_path) as server:
        server.refused["sec@x.org"] = "550 no such user"
        notifier(server.port, Encryption.NONE, authority).send(page())
        assert [to for to, _ in server.mails] == [["cert@x.org"]]
        server.refused["ana@x.org"] = "550 no such user"
        with pytest.raises(PermanentFailure):
            notifier(server.port, Encryption.NONE, authority).send(page(address="ana@x.org"))


def test_an_address_with_a_line_break_is_no_way_to_write_headers(authority: Authority) -> None:
    told = notifier(1, Encryption.NONE, authority)
    with pytest.raises(PermanentFailure, match="an address holds what no mail header can"):
        told.send(page(address="a@x.org\nBcc: all@x.org"))


def test_a_byte_now_and_then_does_not_keep_anybody_for_ever() -> None:
    greeting = b"220 " + b"x" * 400
    dripping = partial(lambda: (greeting[place : place + 1] for place in range(len(greeting))))
    with hostile(dripping, pause=0.1, speaks_first=True) as server:
        port = int(server.url.rpartition(":")[2])
        channel = SmtpChannel("127.0.0.1", port, "m@x.org", RECIPIENTS, Encryption.NONE)
        with pytest.raises(TemporaryFailure):
            SmtpNotifier(channel, seconds=0.4).send(page())
        assert server.sent < len(greeting)
