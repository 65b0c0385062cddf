"""Where things are: boards by name, pages of the console by path."""

from __future__ import annotations

from dataclasses import dataclass

from slo.model import conventions

DEFAULT_CONSOLE = "http://127.0.0.1:8601/console"
LANGUAGES = ("en", "pt")


@dataclass(frozen=True, slots=True)
class Deployment:
    """What an address depends on. ``account`` is the twelve digits of an AWS account."""

    environment: str
    region: str = "us-east-1"
    account: str = "000000000000"
    console: str = DEFAULT_CONSOLE
    partition: str = "aws"

    def alarm_arn(self, name: str) -> str:
        return f"arn:{self.partition}:cloudwatch:{self.region}:{self.account}:alarm:{name}"

    def cloudwatch_board(self, name: str) -> str:
        """The address of a CloudWatch dashboard."""
        home = f"https://{self.region}.console.aws.amazon.com/cloudwatch/home?region={self.region}"
        return f"{home}#dashboards/dashboard/{name}"


def runbook_path(runbook: str) -> str:
    """Path of a runbook page below the console's address."""
    return f"/runbooks/{runbook}"


def grafana_uid(board: str, language: str) -> str:
    """English boards have the plain uid, other languages end in theirs."""
    return conventions.dashboard_uid(board if language == "en" else f"{board}-{language}")


def cloudwatch_name(environment: str, board: str, language: str) -> str:
    """Letters, digits, ``-`` and ``_`` only, at most 255."""
    suffix = "" if language == "en" else f"-{language}"
    return f"mirante-{environment}-{board}{suffix}"
