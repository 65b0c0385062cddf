"""``metadata`` of an OpenSLO object: name, display name, labels, annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from foundation.located import Section

_NAME = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?")


@dataclass(frozen=True, slots=True)
class Metadata:
    name: str
    display_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    section: Section | None = None  # where annotations are refused


def read_metadata(parent: Section) -> Metadata:
    section = parent.section("metadata", required=True)
    if section is None:
        return Metadata("")
    name = checked_name(section, "name")
    labels = section.labels("labels")
    annotations = section.section("annotations")
    texts = {key: annotations.text(key) for key in annotations} if annotations else {}
    display = section.text("displayName", default=name)
    section.close()
    return Metadata(name, display, labels, texts, annotations)


def checked_name(section: Section, key: str) -> str:
    """At most 63 letters, digits, ``-``, ``_`` and ``.``, starting and ending with a letter or digit.

    OpenSLO asks implementations for at least RFC 1123; its own examples use capitals, so those load too.
    """
    name = section.text(key, required=True)
    if name and not _NAME.fullmatch(name):
        mend = "Use at most 63 letters, digits and dashes, with a letter or digit at both ends."
        section.refuse(key, f"{name!r} is not a usable name", mend)
    return name
