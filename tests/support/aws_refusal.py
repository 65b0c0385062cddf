"""What a client of ours raises for a call that AWS refuses, for stand-ins of such a client."""

from __future__ import annotations

from foundation.aws.errors import AwsError


def aws_refusal(code: str) -> AwsError:
    return AwsError("AWS", f"Call: {code}", "Fix it", code=code)
