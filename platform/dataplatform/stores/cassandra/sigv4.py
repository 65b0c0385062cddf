"""Signing in to Amazon Keyspaces with IAM credentials (Signature Version 4) instead of a password."""

from __future__ import annotations

from dataclasses import dataclass, field

import boto3
from cassandra.auth import AuthProvider
from cassandra_sigv4.auth import SigV4AuthProvider


@dataclass(frozen=True, slots=True)
class SigV4:
    """Who signs. Without a key, whoever the ordinary chain of AWS credentials finds (role, profile, ...)."""

    region: str
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)


def authentication(sigv4: SigV4) -> AuthProvider:
    """Credentials are looked up at each sign-in, so rotated ones are used."""
    session = boto3.Session(
        aws_access_key_id=sigv4.access_key_id,
        aws_secret_access_key=sigv4.secret_access_key,
        aws_session_token=sigv4.session_token,
        region_name=sigv4.region,
    )
    return SigV4AuthProvider(session)
