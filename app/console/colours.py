"""The registry of colours as style rules.

``f-`` fills, ``s-`` strokes, ``c-`` colours text, ``b-`` backs it, ``edge-``, ``sev-edge-`` colour borders.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.model.palette import NO_DATA_GREY, SERIES, SEVERITY_COLOURS, STATES, Colour

OUTCOME_CLASSES = {"APPROVE": "s0", "DECLINE": "s1", "REFER": "s2"}


def colour_names() -> Mapping[str, Colour]:
    """Name used in class names and variables -> colour."""
    names = {state.value.replace("_", "-"): style.colour for state, style in STATES.items()}
    names |= {severity.lower(): colour for severity, colour in SEVERITY_COLOURS.items()}
    names |= {f"s{index}": colour for index, colour in enumerate(SERIES)}
    return {**names, "unknown": NO_DATA_GREY}


def colours_css() -> str:
    """Variables for both schemes and the classes that use them; the same bytes for the same palette."""
    names = colour_names()
    light = "".join(f"--{name}:{colour.light};" for name, colour in names.items())
    dark = "".join(f"--{name}:{colour.dark};" for name, colour in names.items())
    rules = [f":root{{{light}}}", f"@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}"]
    for name in names:
        rules.append(f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}")
        rules.append(f".edge-{name}{{border-top-color:var(--{name})}}")
        rules.append(f".sev-edge-{name}{{border-left-color:var(--{name})}}")
        rules.append(f".c-{name}{{color:var(--{name})}}.b-{name}{{background:var(--{name})}}")
    return "\n".join(rules) + "\n"
