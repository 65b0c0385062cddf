"""``mirante sagas``: work that spans stores, how it stands, and what is parked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from app.cli.context import (
    age_text,
    echo_json,
    fields_of,
    json_option,
    pass_settings,
    plain_table,
    say,
    stdout,
)
from app.settings import Settings
from credit.ports.sagas import SagaState
from foundation.clock import parse_clock
from foundation.exit_status import ExitStatus

if TYPE_CHECKING:
    from credit.ports.sagas import Saga

INSTEAD = "Stop it, retry, and start it again: it goes on with what was retried"
EVERY = 1_000_000
OPEN_AND_STUCK = (SagaState.STUCK, SagaState.OPEN)


@click.group()
def sagas() -> None:
    """Disbursements and other work that spans stores: in progress, ended, or stuck."""


@sagas.command(name="list")
@click.option(
    "--state",
    type=click.Choice([state.value for state in SagaState], case_sensitive=False),
    help="Only sagas in this state.  [default: stuck and open]",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=50,
    show_default=True,
    help="Most sagas to show, oldest first.",
)
@json_option
@pass_settings
def list_(settings: Settings, state: str | None, limit: int, as_json: bool) -> None:
    """List sagas, oldest first, with their trouble. Works while the server runs.

    Exit status: 0 none is stuck, 1 at least one listed saga is stuck, 3 no data side has ever run here.
    """
    from app.bootstrap.platform import sagas_in

    states = OPEN_AND_STUCK if state is None else (SagaState(state.upper()),)
    found = asyncio.run(sagas_in(settings, states, limit))
    if as_json:
        echo_json([_document(saga) for saga in found])
    elif not found:
        say("No saga is open or stuck" if state is None else f"No saga is {state.upper()}", "green")
    else:
        _print_table(settings, found)
    if any(saga.state is SagaState.STUCK for saga in found):
        raise SystemExit(ExitStatus.NO)


@sagas.command()
@click.argument("saga_id")
@pass_settings
def show(settings: Settings, saga_id: str) -> None:
    """Show one saga with its steps, as JSON. Works while the server runs.

    Exit status: 0 shown, 1 no saga has that id, 3 no data side has ever run here.
    """
    from app.bootstrap.platform import saga_in

    found = asyncio.run(saga_in(settings, saga_id))
    if found is None:
        say(f"There is no saga {saga_id}; `mirante sagas list` shows the existing ones", "red")
        raise SystemExit(ExitStatus.NO)
    echo_json(_document(found))


@sagas.command()
@click.argument("saga_ids", metavar="[SAGA_ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Retry every stuck saga.")
@pass_settings
def retry(settings: Settings, saga_ids: tuple[str, ...], everything: bool) -> None:
    """Let stuck sagas continue when the data side starts again; steps already done are recognised.

    Exit status: 0 done, 1 one of them is not stuck, 3 the data side runs, or never did.
    """
    if bool(saga_ids) is everything:
        raise click.UsageError("Give the ids of stuck sagas, or --all.")
    refused = asyncio.run(_retry(settings, saga_ids))
    for saga_id in refused:
        say(f"{saga_id} is not stuck; `mirante sagas list` shows those that are", "red")
    if refused:
        raise SystemExit(ExitStatus.NO)


async def _retry(settings: Settings, saga_ids: tuple[str, ...]) -> list[str]:
    from app.bootstrap.platform import offline_platform

    async with offline_platform(settings, INSTEAD) as open_:
        log = open_.platform.sagas
        wanted = saga_ids or [saga.saga_id for saga in await log.list(SagaState.STUCK, EVERY)]
        answers = [(saga_id, await log.retry(saga_id)) for saga_id in wanted]
    say(f"{sum(done for _, done in answers):,} sagas will continue when the data side starts")
    return [saga_id for saga_id, done in answers if not done]


def _print_table(settings: Settings, found: Sequence[Saga]) -> None:
    now = parse_clock(settings.clock).now()
    table = plain_table("saga", "state", "phase", "began", "trouble")
    for saga in found:
        trouble = saga.trouble or saga.reason or ""
        table.add_row(
            saga.saga_id, saga.state.value, saga.phase.value, age_text(saga.started_at, now), trouble
        )
    stdout.print(table)


def _document(saga: Saga) -> dict[str, object]:
    return fields_of(saga, "content", "fence")
