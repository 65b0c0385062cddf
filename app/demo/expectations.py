"""What the demo promised to show, each with the evidence seen. Exit status 0 needs every one of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.demo.report.model import BiText, Expectation


@dataclass(slots=True)
class Expectations:
    """Collected in order, shown in order."""

    items: list[Expectation] = field(default_factory=list)

    def expect(self, en: str, pt: str, observed: bool, evidence: str, evidence_pt: str | None = None) -> bool:
        """Keep one; answers with ``observed``."""
        said = BiText(evidence, evidence if evidence_pt is None else evidence_pt)
        self.items.append(Expectation(BiText(en, pt), observed, said))
        return observed

    @property
    def met(self) -> bool:
        return bool(self.items) and all(item.observed for item in self.items)
