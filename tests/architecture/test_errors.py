"""Every error that can reach a person says what a command answers that ends by it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus
from tests.support.reachable import PACKAGES, product_modules

# Caught where they are raised for; one that is not is a defect of ours, and is told as one.
NEVER_SEEN = {
    "alarms.policy.webhook_template.TemplateFault": "told of its file, or the notification is sent whole",
    "alarms.router.fail_open.StageFailed": "the stage is left out",
    "app.api.exchange.ClientGone": "nobody is left to answer",
    "app.api.problems.ApiProblem": "answered as a problem document",
    "app.cli.context.ReaderGone": "nobody reads any more",
    "credit.domain.reachability.TooManyKinds": "the check is skipped",
    "credit.usecases.field_sources.Blank": "a value that is not known",
    "credit.usecases.field_sources.CellProblem": "counted with its row",
    "credit.usecases.field_sources.Unusable": "counted with its row",
    "dataplatform.ingestion.lambda_handler.RecordWaits": "told to Powertools: the record comes again",
    "dataplatform.saga.step.StepRefused": "turns the saga back",
    "dataplatform.stores.sqlite.writer._GroupLost": "each unit of the group is tried by itself",
    "foundation.yaml_nodes._UnreadableError": "becomes a DefinitionError with the file's name",
}
VERSIONS = "dataplatform.schemas.mysql.versions."  # run by alembic alone


def errors_of(root: type[BaseException] = BaseException) -> Iterator[type[BaseException]]:
    for error in root.__subclasses__():
        yield error
        yield from errors_of(error)


def ours() -> dict[str, type[BaseException]]:
    for name in product_modules():
        if not name.startswith(VERSIONS) and not name.endswith("__main__"):
            import_module(name)
    found = {f"{error.__module__}.{error.__qualname__}": error for error in errors_of()}
    return {name: error for name, error in sorted(found.items()) if name.partition(".")[0] in PACKAGES}


def test_every_error_of_ours_has_the_one_base_or_never_reaches_a_person() -> None:
    strangers = [name for name, error in ours().items() if not issubclass(error, MiranteError)]
    assert strangers == sorted(NEVER_SEEN)


def test_every_error_of_ours_says_what_a_command_answers_that_ends_by_it() -> None:
    allowed = {ExitStatus.NO, ExitStatus.USAGE, ExitStatus.ENVIRONMENT}
    silent = [
        name
        for name, error in ours().items()
        if issubclass(error, MiranteError) and error is not MiranteError and error.exit_status not in allowed
    ]
    assert silent == []


def test_an_error_of_no_family_is_a_defect() -> None:
    assert MiranteError.exit_status is ExitStatus.DEFECT


@pytest.mark.parametrize("status", ExitStatus)
def test_every_exit_status_says_what_it_means(status: ExitStatus) -> None:
    assert len(status.meaning) > 5
