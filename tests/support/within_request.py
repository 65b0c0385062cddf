"""Work done while a request is answered, for tests of what carries its trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from credit.ports.tracing import CORRELATION, Correlation

REQUEST = Correlation("65a1b2c30123456789abcdef01234567", "53995c3f42cd8ad8", "request")
OTHER_REQUEST = Correlation("65a1b2c30123456789abcdef01234568", "53995c3f42cd8ad9", "other")


@contextmanager
def within(request: Correlation) -> Iterator[None]:
    token = CORRELATION.set(request)
    try:
        yield
    finally:
        CORRELATION.reset(token)
