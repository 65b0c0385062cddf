"""A proven subscription is confirmed by one request, a replay by none, a failure is tried again by SNS."""

from __future__ import annotations

import httpx
import pytest

from alarms.intake.sns_host import KEPT_ADDRESSES, Subscriptions
from alarms.model.errors import NotConfirmed

URL = "https://sns.sa-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"


def subscriptions(*statuses: int) -> tuple[Subscriptions, list[str]]:
    asked: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        status = statuses[min(len(asked), len(statuses)) - 1]
        return httpx.Response(status, headers={"location": "https://evil.example/"})

    return Subscriptions(httpx.AsyncClient(transport=httpx.MockTransport(respond))), asked


async def test_a_replayed_confirmation_asks_for_nothing() -> None:
    made, asked = subscriptions(200)
    for _ in range(3):
        await made.confirm(URL)
    assert asked == [URL]
    await made.close()


@pytest.mark.parametrize("status", [302, 403, 500])
async def test_one_that_sns_does_not_take_is_not_remembered_and_follows_no_redirect(status: int) -> None:
    made, asked = subscriptions(status, 200)
    with pytest.raises(NotConfirmed):
        await made.confirm(URL)
    await made.confirm(URL)
    assert asked == [URL, URL]
    await made.close()


async def test_what_is_remembered_is_bounded() -> None:
    made, asked = subscriptions(200)
    for number in range(KEPT_ADDRESSES + 1):
        await made.confirm(f"{URL}{number}")
    await made.confirm(f"{URL}0")
    assert len(asked) == KEPT_ADDRESSES + 2
    await made.close()
