"""What the demo prints while it runs: stages, a bar, tables; calm, and complete without a colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.demo.report.model import Expectation, Throughput
from credit.domain.reasons import ReasonCatalogue

STAGES = 7
TOP_REASONS = 6
BAR = 30


class Narrator:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = 0

    def stage(self, text: str) -> None:
        self._stage += 1
        self._console.print(f"[bold]\\[{self._stage}/{STAGES}][/bold] {text}", soft_wrap=True)

    def say(self, text: str) -> None:
        self._console.print(f"      {text}", markup=False, soft_wrap=True)

    def show(self, renderable: object) -> None:
        self._console.print(renderable)

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[int], None]]:
        """A bar that is gone when the work is done, and what moves it; nothing when nobody watches."""
        columns = (TextColumn("     "), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task("", total=total)
            yield lambda count: progress.advance(task, count)

    def throughput(self, facts: Throughput) -> None:
        answered = ", ".join(f"{count:,} x {status}" for status, count in sorted(facts.answered.items()))
        self.say(
            f"{facts.sent:,} sent in {facts.seconds:.1f} s: {facts.per_second:,.0f} per second; {answered}"
        )
        self.say(
            f"latency as the sender saw it: p50 {1000 * facts.p50_seconds:.0f} ms, "
            f"p95 {1000 * facts.p95_seconds:.0f} ms, p99 {1000 * facts.p99_seconds:.0f} ms, "
            f"worst {1000 * facts.max_seconds:.0f} ms"
        )

    def outcomes(self, outcomes: Counter[str], reasons: Counter[str], texts: ReasonCatalogue) -> None:
        total = outcomes.total()
        table = Table(box=None, pad_edge=False, show_header=False)
        for outcome, count in outcomes.most_common():
            bar = "█" * round(BAR * count / total)
            table.add_row("     ", outcome, f"{count:,}", f"{100 * count / total:.1f} %", bar)
        for code, count in reasons.most_common(TOP_REASONS):
            table.add_row("     ", "", f"{count:,}", "reason", texts.text(code).title.en)
        self._console.print(table)

    def expectations(self, items: Sequence[Expectation]) -> None:
        self._console.print("\n[bold]What was promised, and what was observed[/bold]")
        for item in items:
            mark = "[green]observed[/green]    " if item.observed else "[bold red]NOT OBSERVED[/bold red]"
            self._console.print(f"  {mark} ", end="")
            self._console.print(f"{item.text.en}: {item.evidence.en}", markup=False, soft_wrap=True)
