"""``mirante ingest``: records from a file onto the ingestion stream and into the stores."""

from __future__ import annotations

import asyncio
import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from app.cli.context import counted, pass_settings, say, stderr
from app.cli.lazy import LazyGroup
from app.cli.table import INGEST
from app.settings import Settings
from foundation.exit_status import ExitStatus

if TYPE_CHECKING:
    from app.bootstrap.platform import OfflinePlatform
    from credit.usecases.ingest import IngestRecord

BATCH = 500  # records put on the stream together
BAD_SHOWN = 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
IDLE_ROUNDS = 20  # a transaction waits for its customer for a few rounds, then it is set aside
INSTEAD = (
    "Send the records to its API instead: POST /v1/records with an API key of scope ingest:write "
    "(`mirante keys create loader --scope ingest:write`); or stop it first"
)
REPLAY_INSTEAD = "Stop it, replay, and start it again: it processes what was replayed"


class FileOrCommand(LazyGroup):
    """``default`` names the subcommand that takes the file; a misspelt subcommand is told from a file."""

    def __init__(self, *args: object, default: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._default = default

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        first = args[0] if args else ""
        if first in self.commands or (first.startswith("-") and first != "-"):
            return super().resolve_command(ctx, args)
        shown = [name for name, command in self.commands.items() if not command.hidden]
        near = difflib.get_close_matches(first, shown, n=1)
        if near and not Path(first).exists():
            ctx.fail(f"{first!r} is neither a file nor a command. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, [self._default, *args])

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "FILE | COMMAND [ARGS]...")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could never be processed; its content, perhaps somebody's data, is not quoted."""

    file: str
    line: int
    field: str
    problem: str
    fix: str

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {field}{self.problem}. {self.fix}"


@dataclass(frozen=True, slots=True)
class GoodLine:
    line: int
    document: Mapping[str, object]


@dataclass(slots=True)
class Intake:
    """What became of a file. ``accepted`` records are durable on the stream; ``waiting``: some still are."""

    accepted: int = 0
    bad: list[BadLine] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    waiting: bool = False
    unprojected: int = 0


@click.group(cls=FileOrCommand, default="file", commands=INGEST)
def ingest() -> None:
    """Send records through the ingestion stream into the stores.

    `mirante ingest FILE` takes one JSON object per line, such as

    \b
      {"kind": "customer", "data": {"customer_id": "C-1", "cpf": "529.982.247-25", "credit_score": 712}}
      {"kind": "transaction", "data": {"transaction_id": "T-1", "customer_id": "C-1",
                                       "amount_cents": 12990, "kind": "PURCHASE"}}   (on one line)

    and processes them while the data side is stopped. Every line is checked first: good lines are accepted;
    bad lines are listed with line, field and fix, and never sent. Ingesting a file twice changes nothing.
    """


@ingest.command(name="file", hidden=True)
@click.argument("file", type=click.Path(allow_dash=True))
@pass_settings
def file_(settings: Settings, file: str) -> None:
    """Ingest every record of FILE (JSON lines; - reads standard input), and process them all.

    Exit status: 0 all processed, 1 a line was bad, set aside or still waits, 3 the file cannot be read, the
    data side runs or a file is in the way.
    """
    with click.open_file(file, "rb") as lines, stderr.status("opening the stores") as status:
        done = asyncio.run(_take(settings, lines, status.update))
    _print(done)
    if done.bad or done.waiting or done.unprojected or done.outcomes["dead_letter"]:
        raise SystemExit(ExitStatus.NO)


async def _take(settings: Settings, file: IO[bytes], progress: Callable[[str], None]) -> Intake:
    from app.bootstrap.platform import offline_platform
    from credit.usecases.ingest import IngestRecord

    done = Intake()
    async with offline_platform(settings, INSTEAD, make=True) as open_:
        judge = IngestRecord(open_.platform.sealer, open_.clock)
        await _put(open_, judged_lines(file, getattr(file, "name", "standard input"), judge), done, progress)
        await _process(open_, done, progress)
    return done


def judged_lines(lines: Iterable[bytes], file: str, ingest: IngestRecord) -> Iterator[GoodLine | BadLine]:
    """Blank lines are skipped, and counted as lines."""
    for number, line in enumerate(lines, start=1):
        content = (line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line).strip()
        if content:
            yield _judged(content, file, number, ingest)


def _judged(content: bytes, file: str, number: int, ingest: IngestRecord) -> GoodLine | BadLine:
    from app.api.fields import rejection_fault
    from credit.domain.errors import RejectedRecord

    try:
        ingest.parse(content)
    except RejectedRecord as rejected:
        fault = rejection_fault(0, rejected)
        return BadLine(file, number, rejected.field, fault.problem.en, fault.fix.en)
    return GoodLine(number, json.loads(content))


async def _put(
    open_: OfflinePlatform,
    lines: Iterable[GoodLine | BadLine],
    done: Intake,
    progress: Callable[[str], None],
) -> None:
    from dataplatform.profiles import workers

    producer = workers.producer(open_.platform, open_.clock, open_.random)
    batch: list[GoodLine] = []

    async def send() -> None:
        done.accepted += len(await producer.send([line.document for line in batch]))
        batch.clear()
        progress(f"{done.accepted:,} records taken")

    for line in lines:
        if isinstance(line, BadLine):
            done.bad.append(line)
            continue
        batch.append(line)
        if len(batch) == BATCH:
            await send()
    if batch:
        await send()


async def _process(open_: OfflinePlatform, done: Intake, progress: Callable[[str], None]) -> None:
    from credit.metrics import INGEST_RECORDS
    from dataplatform.profiles import workers

    platform = open_.platform
    worker = workers.ingest_worker(platform, open_.telemetry, open_.clock)
    idle = 0
    processed = 0
    while await platform.stream.oldest() is not None and idle < IDLE_ROUNDS:
        progress(f"{processed:,} of {done.accepted:,} records processed")
        worked = await worker.run_once()
        processed, idle = processed + worked, 0 if worked else idle + 1
    progress("projecting")
    await workers.projector(platform, open_.telemetry).drain()
    done.waiting = await platform.stream.oldest() is not None
    done.unprojected = await platform.outbox.depth()
    for outcome in ("ok", "duplicate", "dead_letter"):
        value = open_.registry.get_sample_value(INGEST_RECORDS.name, {"outcome": outcome})
        done.outcomes[outcome] = int(value or 0)


def _print(done: Intake) -> None:
    for bad in done.bad[:BAD_SHOWN]:
        say(str(bad), "red")
    if len(done.bad) > BAD_SHOWN:
        say(f"and {len(done.bad) - BAD_SHOWN:,} more bad lines", "red")
    say(f"{done.accepted:,} records accepted, {len(done.bad):,} bad lines skipped")
    _print_outcomes(done.outcomes)
    if done.waiting or done.unprojected:
        left = ("some records and " if done.waiting else "") + counted(done.unprojected, "projection")
        say(f"{left} not processed yet; nothing is lost, they continue when the data side starts", "yellow")


@ingest.command()
@click.argument("sequences", metavar="[SEQUENCE]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Replay every dead letter.")
@pass_settings
def replay(settings: Settings, sequences: tuple[str, ...], everything: bool) -> None:
    """Put dead letters back on the stream and process them, while the data side is stopped.

    Exit status: 0 processed, 1 no such dead letter, or set aside again.
    """
    if bool(sequences) is everything:
        raise click.UsageError("Give the sequence numbers of dead letters, or --all.")
    done = Intake()
    asyncio.run(_replay(settings, sequences, done))
    say(f"{done.accepted:,} dead letters put back")
    _print_outcomes(done.outcomes)
    missing = max(0, len(sequences) - done.accepted)
    if missing:
        say(f"{missing:,} are not dead letters; `mirante ingest dead-letters` lists them", "red")
    if missing or done.outcomes["dead_letter"] or done.waiting:
        raise SystemExit(ExitStatus.NO)


async def _replay(settings: Settings, sequences: tuple[str, ...], done: Intake) -> None:
    from app.bootstrap.platform import offline_platform

    async with offline_platform(settings, REPLAY_INSTEAD, needs=("stream",)) as open_:
        stream = open_.platform.stream
        wanted = sequences or [letter.record.sequence for letter in await stream.dead_letters(-1)]
        done.accepted = await stream.replay(wanted)
        await _process(open_, done, lambda _: None)


def _print_outcomes(counts: Mapping[str, int]) -> None:
    stored, known, aside = (counts[name] for name in ("ok", "duplicate", "dead_letter"))
    say(f"{stored:,} stored, {known:,} already known, {aside:,} set aside")
    if aside:
        say("`mirante ingest dead-letters` shows why", "yellow")


@ingest.command()
@click.option("--customers", type=click.IntRange(min=1), help="Number of customers to write.")
def purchases(customers: int | None) -> None:
    """Write CDNOW's real purchases as records, one JSON object per line: 23,570 customers, 69,659 purchases.

    \b
      mirante ingest purchases | mirante ingest -
    """
    from app.demo.purchases import SYNTHETIC, documents, read_purchases

    found = read_purchases(customers)
    stderr.print(f"{len(found):,} purchases; {SYNTHETIC}", markup=False, soft_wrap=True)
    for document in documents(found):
        click.echo(json.dumps(document))
