"""The one way to make an AWS client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foundation.aws.purpose import ClientPurpose


@dataclass(frozen=True, slots=True)
class AwsClients:
    """``endpoint`` is the address that stands for all of AWS, an emulator's; empty is AWS itself.

    An emulator gets credentials that stand for none, never a person's, and a region of its own: what one
    process puts there every other one finds, whatever AWS's own settings say in its shell.
    """

    endpoint: str = ""

    def client(self, service: str, purpose: ClientPurpose, region: str | None = None) -> Any:
        """A boto3 client whose every call raises ``AwsError`` and nothing of botocore's.

        Without a region, AWS's own settings name it.

        Raises:
            AwsError: no region is set, or AWS's own settings cannot be read.
        """
        from foundation.aws import boto

        return boto.client(service, purpose, region, self.endpoint)

    def session(self, region: str) -> Any:
        """A boto3 session, for what signs by itself; its credentials are looked up when they are needed.

        Raises:
            AwsError: AWS's own settings cannot be read.
        """
        from foundation.aws import boto

        return boto.session(region, self.endpoint)
