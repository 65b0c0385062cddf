"""Texts as a chat shows them: nobody is called and no link is made by what an alert's labels say.

A name after @ calls nobody, and brackets make no link, once something that does not show stands between.
"""

from __future__ import annotations

import re

UNSEEN = "\N{ZERO WIDTH JOINER}"
CALLS = re.compile(r"@(?=[\w&!])|<(?=[!@#])|\](?=[(\[:])")


def harmless(text: str) -> str:
    """``@channel``, ``@name``, ``<!here>``, ``<@&5>``, ``[text](address)`` as mere characters."""
    return CALLS.sub(lambda found: f"{found[0]}{UNSEEN}", text)
