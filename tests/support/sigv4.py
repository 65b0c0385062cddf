"""Signature Version 4 of a sign-in to Keyspaces, computed again, step by step, as its server would."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote

REGION = "sa-east-1"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"


def signed(secret: str, nonce: str, amz_date: str) -> str:
    """What the server expects of ``KEY_ID`` for that time."""
    day = amz_date[:10].replace("-", "")
    scope = f"{day}/{REGION}/cassandra/aws4_request"
    query = "&".join(
        (
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            f"X-Amz-Credential={quote(f'{KEY_ID}/{scope}', safe='')}",
            f"X-Amz-Date={quote(amz_date, safe='')}",
            "X-Amz-Expires=900",
        )
    )
    hashed = hashlib.sha256(nonce.encode()).hexdigest()
    request = f"PUT\n/authenticate\n{query}\nhost:cassandra\n\nhost\n{hashed}"
    to_sign = f"AWS4-HMAC-SHA256\n{amz_date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (day, REGION, "cassandra", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
