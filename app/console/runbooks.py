"""Runbook pages: Markdown in, HTML out, raw HTML in the source shown as text."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup

from app.console.ports import ConsoleDependencies
from app.console.visits import Reader
from slo.model.conventions import slug

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def rendered(markdown: str) -> Markup:
    """HTML of the Markdown; scripts, raw tags and ``javascript:`` links do not get through."""
    return Markup(_MARKDOWN.render(markdown))  # noqa: S704 - markdown-it escapes all it does not make itself


def title_of(markdown: str, name: str) -> str:
    """The first heading, else the name."""
    first = next((line for line in markdown.splitlines() if line.startswith("# ")), "")
    return first.removeprefix("# ").strip() or name


def runbook_of(deps: ConsoleDependencies, slo_id: str) -> str | None:
    """The path of the SLO's runbook: the one its definition names, else the one called as it is."""
    slo = deps.catalogue.slo(slo_id)
    named = slo.texts.get("runbook", "")
    return next(
        (path for name in (named, slug(slo_id), slo.name) if (path := runbook_path(deps, name))), None
    )


def runbook_path(deps: ConsoleDependencies, name: str | None) -> str | None:
    """Where the runbook is shown, if we have it. Accepts a name, a file name or a path ending in one."""
    short = (name or "").partition("#")[0].removesuffix(".md").rpartition("/")[2]
    return f"/console/runbooks/{short}" if short in deps.runbooks.names() else None


def runbook_page(deps: ConsoleDependencies, name: str, reader: Reader) -> dict[str, object] | None:
    """None when there is no such runbook."""
    markdown = deps.runbooks(name, reader.language)
    if markdown is None:
        return None
    return {"name": name, "title": title_of(markdown, name), "body": rendered(markdown)}


def runbook_list(deps: ConsoleDependencies, reader: Reader) -> dict[str, object]:
    entries = [
        (name, title_of(deps.runbooks(name, reader.language) or "", name)) for name in deps.runbooks.names()
    ]
    return {"entries": entries}
