"""The main job, from the loans to the report; the exit status says whether everything promised was seen."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from app.bootstrap.router import open_router
from app.bootstrap.slo_view import open_slo_view
from app.build import BuildOptions, build_into
from app.demo.checks import Expectations, check_fault, check_healthy, check_stored
from app.demo.dataset import Loans, load_loans, requests
from app.demo.fault_phase import FaultPhase
from app.demo.folder import demo_definitions, fresh_folder
from app.demo.intake import send_customers, wait_until_settled
from app.demo.judgement import Agreement, Stored, ask_the_oracle, outcomes_of, read_stored
from app.demo.narrator import Narrator
from app.demo.parameters import Parameters
from app.demo.report.facts import (
    audit_facts,
    healthy_throughput,
    recorded,
    run_parameters,
    slo_facts,
    verdict_facts,
    versions,
)
from app.demo.report.fault_facts import fault_facts
from app.demo.report.model import DemoReport
from app.demo.report.page import render_report
from app.demo.running import RunningMirante
from app.demo.seen import Seen
from app.demo.sender import Answer, Journal, Sender
from app.settings import Settings
from app.slo_tables import overview
from app.workspace import open_workspace
from credit.usecases.load_policies import load_reasons
from dashboards.model.addresses import Deployment
from foundation.clock import clock_spec, parse_clock
from slo.judge.status import ObjectiveStatus
from slo.loaders.catalogue_files import catalogue_of


class Demo:
    """One run. ``play`` answers with the exit status: 0 when everything promised was observed, else 1."""

    def __init__(self, settings: Settings, parameters: Parameters, console: Console) -> None:
        self._parameters = parameters
        self._narrator = Narrator(console)
        self._expectations = Expectations()
        self._seen = Seen(datetime.now(UTC))
        self._settings = replace(
            settings,
            data_dir=parameters.work_dir / "data",
            environment="demo",
            clock=clock_spec(parameters.clock_factor, self._seen.started_at),
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
        loans = self._load()  # before a folder is made that a missing extra would leave behind
        demo_definitions(fresh_folder(self._parameters.work_dir))
        self._narrator.stage(
            f"two processes, data and control; their clock runs {self._parameters.clock_factor:g} "
            "times as fast as real time (ledger, windows and timers; request durations stay real)"
        )
        self._narrator.say(
            "only the two paging tiers are watched, because the ticket tiers need hours to clear"
        )
        with RunningMirante(self._settings, self._parameters.work_dir / "processes.log") as mirante:
            self._settings = mirante.settings
            self._ingest(mirante, loans)
            asyncio.run(self._traffic(mirante, loans))
        stored, oracle, digest = self._judge(loans)
        self._build()
        self._write_report(self._report(loans, stored, oracle, digest))
        self._narrator.expectations(self._expectations.items)
        return 0 if self._expectations.met else 1

    def _load(self) -> Loans:
        loans = load_loans(self._parameters.loans)
        report = loans.report
        self._narrator.stage(
            f"{report.rows:,} real loans of openintro/loans_full_schema: {report.usable:,} usable, "
            f"{len(report.unusable):,} not"
        )
        for (column, reason), count in report.unusable_reasons.most_common():
            self._narrator.say(f"not used: {count:,} rows, {column or 'row'}: {reason}")
        blanked = Counter(f"{item.field} {item.reason}" for item in report.blanked)
        for text, count in blanked.most_common():
            self._narrator.say(f"treated as unknown: {count:,} times {text}")
        self._narrator.say(
            "the CPFs are synthetic (valid check digits, fixed seed); the rest comes from the real loans"
        )
        return loans

    def _ingest(self, mirante: RunningMirante, loans: Loans) -> None:
        self._narrator.stage("sending customers through ingestion to the relational, hot and wide stores")
        began = time.monotonic()
        with self._narrator.progress(len(loans.converted)) as advance:
            accepted = send_customers(mirante, loans.converted, advance)
        self._seen.accepted_customers = accepted
        self._seen.settled = wait_until_settled(mirante, accepted)
        self._narrator.say(
            f"{accepted:,} customers accepted, stored and projected in {time.monotonic() - began:.1f} s"
        )

    async def _traffic(self, mirante: RunningMirante, loans: Loans) -> None:
        journal = Journal(self._parameters.work_dir / "journal.jsonl")
        async with Sender(mirante.api_url, mirante.api_key, journal) as sender:
            await self._healthy(sender, loans)
            await self._faulty(mirante, sender, loans)

    async def _healthy(self, sender: Sender, loans: Loans) -> None:
        self._narrator.stage("sending one application per customer over HTTP")
        began = time.monotonic()
        with self._narrator.progress(len(loans.converted)) as advance:

            def answered(answer: Answer) -> None:
                self._seen.healthy.append(answer)
                advance(1)

            await sender.send_all(requests(loans, "healthy"), self._parameters.concurrency, answered)
        self._seen.healthy_seconds = time.monotonic() - began
        self._narrator.throughput(healthy_throughput(self._seen))
        self._narrator.outcomes(*outcomes_of(self._seen.decided), load_reasons(self._settings.policies))
        await self._until_counted()
        self._seen.quiet_statuses = await self._until_all_are_seen()
        self._narrator.show(overview(self._seen.quiet_statuses))
        routing = open_router(self._settings, catalogue_of(self._settings.folders))
        self._seen.incidents_before = len(routing.router.incidents())
        routing.store.close()
        check_healthy(self._expectations, self._seen, loans)

    async def _until_counted(self) -> None:
        """Two ledger minutes and two evaluations: what was sent is then in whole minutes of the ledger."""
        wait = 120.0 + 2 * self._settings.evaluate_every
        await asyncio.sleep(wait / self._parameters.clock_factor)

    async def _until_all_are_seen(self) -> Sequence[ObjectiveStatus]:
        """Stores are compared now and then: wait for the first comparison to be in the ledger."""
        deadline = time.monotonic() + self._parameters.seen_within
        while True:
            found = await asyncio.to_thread(self._statuses)
            if all(item.counts.total > 0 for item in found) or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.5)

    async def _faulty(self, mirante: RunningMirante, sender: Sender, loans: Loans) -> None:
        parameters = self._parameters
        self._narrator.stage(
            f"a fault in the {parameters.store} store, {parameters.rate:g} applications a second"
            if parameters.store
            else "no fault (negative control): the expected alert must not come"
        )
        clock = parse_clock(self._settings.clock)
        routing = open_router(self._settings, catalogue_of(self._settings.folders))
        phase = FaultPhase(mirante, sender, routing.router, clock, loans, parameters, self._narrator.say)
        self._seen.fault = await phase.play()
        routing.store.close()
        await self._until_counted()
        self._seen.final_statuses = await asyncio.to_thread(self._statuses)
        self._narrator.show(overview(self._seen.final_statuses))
        check_fault(self._expectations, self._seen.fault, self._seen.final_statuses, parameters)

    def _judge(self, loans: Loans) -> tuple[Stored, Agreement, str]:
        """What is stored, what the oracle says, and the sha256 of the healthy phase's verdicts."""
        self._narrator.stage("everything is stopped; comparing the stores with the sender's journal")
        parameters = self._parameters
        accepted = [answer for answer in self._seen.answers if answer.accepted]
        stored = asyncio.run(read_stored(self._settings, accepted))
        oracle = ask_the_oracle(self._seen.decided, loans, parameters.oracle_sample, parameters.oracle_seed)
        digest = check_stored(self._expectations, self._settings, self._seen, stored, oracle, loans)
        self._narrator.say(f"sha256 of the healthy phase's verdicts, ids and times aside: {digest}")
        return stored, oracle, digest

    def _build(self) -> None:
        folder = self._parameters.build_dir
        self._narrator.stage(f"writing everything that is generated to {folder}/")
        made = build_into(open_workspace(), BuildOptions(Deployment("production")), folder)
        self._narrator.say(f"{made.files} files, described by manifest.json")
        self._expectations.expect(
            "rules, alarms and boards are generated from the same definitions",
            "regras, alarmes e painéis são gerados das mesmas definições",
            made.files > 1 and not made.failed,
            f"{made.files} files in {folder}",
            f"{made.files} arquivos em {folder}",
        )

    def _report(self, loans: Loans, stored: Stored, oracle: Agreement, digest: str) -> DemoReport:
        seen, settings, watched = self._seen, self._settings, self._parameters.watched_slo
        view = open_slo_view(settings)
        routing = open_router(settings, view.catalogue)
        sender = recorded(seen.answers)
        return DemoReport(
            run=run_parameters(self._parameters, settings, seen, loans),
            healthy=healthy_throughput(seen),
            verdicts=verdict_facts(digest, seen, oracle, load_reasons(settings.policies)),
            slos=tuple(
                slo_facts(item, sender if item.slo.id == watched else None) for item in seen.final_statuses
            ),
            fault=fault_facts(
                seen.fault,
                self._parameters,
                view.catalogue.slo(watched),
                view.ledger,
                routing.router,
                settings.environment,
            ),
            audit=audit_facts(stored),
            expectations=tuple(self._expectations.items),
            versions=versions(),
        )

    def _write_report(self, report: DemoReport) -> None:
        folder = self._parameters.report_dir
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "report.html"
        path.write_text(render_report(report), encoding="utf-8")
        self._narrator.say(f"report: {path}")

    def _statuses(self) -> Sequence[ObjectiveStatus]:
        return open_slo_view(self._settings).statuses()
