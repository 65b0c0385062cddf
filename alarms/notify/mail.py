"""A notification as a mail: plain text and HTML, each in the channel's languages, one thread an incident."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.notify.wording import ACKNOWLEDGE, OPEN, Wording, colour_of, is_resolved, wordings
from alarms.policy.channel import Language

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

PAGE = Path(__file__).with_name("mail.html")
DOMAIN = "mirante"
URGENT = (Severity.P1, Severity.P2)
BETWEEN = "\n\n----------------------------------------\n\n"
_MARKED = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:)\]])|`([^`]+)`")
_LISTED = re.compile(r"(- |\d+\. )")


@dataclass(frozen=True, slots=True)
class MailLine:
    """``html`` has its links and its commands marked up; ``indent`` is style."""

    html: Markup
    indent: str

    def __str__(self) -> str:
        return self.html.striptags()


@dataclass(frozen=True, slots=True)
class MailButton:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class MailSection:
    """What the page shows in one language."""

    language: str
    subject: str
    lines: Sequence[MailLine]
    buttons: Sequence[MailButton]


def mail_of(
    notification: Notification, sender: str, recipients: Sequence[str], languages: Sequence[Language]
) -> EmailMessage:
    """The dedup id is the Message-ID, so a mailbox shows a repeated one as the same.

    Raises:
        ValueError: an address that no header can hold.
    """
    said = wordings(notification.message, languages)
    thread = f"<{notification.incident_id}@{DOMAIN}>"
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = " ".join(said[0].subject.split())
    mail["Date"] = format_datetime(notification.created_at)
    mail["Message-ID"] = f"<{notification.dedup_id}@{DOMAIN}>"
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Mirante-Severity"] = notification.severity.value
    mail["X-Mirante-Incident"] = notification.incident_id
    if notification.severity in URGENT and not is_resolved(notification):
        mail["Importance"] = "high"
        mail["X-Priority"] = "1"
    mail.set_content(plain(notification, said), cte="quoted-printable")
    mail.add_alternative(html(notification, said), subtype="html", cte="quoted-printable")
    return mail


def plain(notification: Notification, said: Sequence[Wording]) -> str:
    texts = [said[0].body, *(f"{other.subject}\n\n{other.body}" for other in said[1:])]
    return BETWEEN.join(
        text + _links(notification, wording.language, text) for text, wording in zip(texts, said, strict=True)
    )


def _links(notification: Notification, language: Language, text: str) -> str:
    """Those that the text does not have already."""
    missing = [one for one in _buttons(notification, language) if one.url not in text]
    return "".join(f"\n\n{one.label}: {one.url}" for one in missing)


def html(notification: Notification, said: Sequence[Wording]) -> str:
    linked = (notification.message.page, notification.message.acknowledge)  # that buttons open
    sections = [
        MailSection(
            wording.language.value,
            wording.subject,
            [_line(line) for line in wording.body.splitlines() if line.strip() and line not in linked],
            _buttons(notification, wording.language),
        )
        for wording in said
    ]
    about = f"{notification.severity} · {notification.environment} · {notification.team} · "
    values = {"colour": colour_of(notification), "about": about + notification.incident_id}
    return _page().render(said=sections, **values)


def _buttons(notification: Notification, language: Language) -> list[MailButton]:
    message = notification.message
    links = ((message.acknowledge, ACKNOWLEDGE), (message.page, OPEN))
    return [MailButton(text.of(language), url) for url, text in links if url]


@cache
def _page() -> Template:
    # Imported here: it takes time to load, and most processes send no mail.
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(PAGE.read_text(encoding="utf-8"))


def _line(text: str) -> MailLine:
    from markupsafe import Markup

    marked, end = Markup(), 0
    for found in _MARKED.finditer(text):
        marked += text[end : found.start()]
        url, command = found.groups()
        if url:
            link = Markup('<a class="link" href="{0}" style="color:#1a5fb4;">{0}</a>')
            marked += link.format(url)
        else:
            style = "font-family:Menlo,Consolas,monospace;font-size:13px;background:#eef1f4;padding:1px 4px;"
            code = Markup('<code class="code" style="{0}">{1}</code>')
            marked += code.format(style, command)
        end = found.end()
    indent = "padding-left:16px;" if _LISTED.match(text) else ""
    return MailLine(marked + text[end:], indent)
