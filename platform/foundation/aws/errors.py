"""What goes wrong between us and AWS.

AwsError    a service that cannot be asked, did not answer or refused (place, problem, fix)
"""

from __future__ import annotations

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class AwsError(MiranteError):
    """A client that cannot be made, or a call that failed.

    ``place`` names the service with its region or endpoint. ``code`` is the service's own, or botocore's name
    for what kept an answer from coming: unlike ``problem``, it never repeats what was sent.
    ``nothing_done`` is True where AWS surely changed nothing: it was not reached, or it refused.
    """

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(
        self,
        place: str,
        problem: str,
        fix: str,
        *,
        code: str,
        nothing_done: bool = False,
    ) -> None:
        self.place, self.problem, self.fix = place, problem, fix
        self.code, self.nothing_done = code, nothing_done
        super().__init__(f"{place}: {problem}. {fix}")
