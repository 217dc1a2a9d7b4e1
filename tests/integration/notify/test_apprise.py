from __future__ import annotations

import json
import sys
import time

import pytest

from watchdog.domain.alert import AlertState
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.apprise import AppriseNotifier


@pytest.fixture
def channel(receiver):
    return AppriseNotifier(url=f"json://127.0.0.1:{receiver.port}/hook", severities=["page"])


async def test_each_transition_is_one_message_that_says_what_happened(house, receiver, channel):
    firing = house.alert(annotations={"summary": "is-json is worse", "next_command": "eval-watchdog scores reply"})
    await channel.send([firing], time.time())
    await channel.send([house.alert(state=AlertState.RESOLVED, starts_at=firing.starts_at)], time.time())
    first, second = (json.loads(post["raw"]) for post in receiver.posts)
    assert first["title"] == "FIRING page: is-json is worse"
    assert "Type next: eval-watchdog scores reply" in first["message"]
    assert "alert_type: model" in first["message"]
    assert (first["type"], second["type"]) == ("warning", "success")
    assert second["title"].startswith("RESOLVED page:")


@pytest.mark.parametrize("status", [400, 503])
async def test_a_message_that_was_not_taken_is_tried_again(house, receiver, channel, status):
    receiver.status = status
    with pytest.raises(DeliveryError, match="could not deliver") as caught:
        await channel.send([house.alert()], time.time())
    assert caught.value.retryable


async def test_what_is_none_of_its_business_is_not_sent(house, receiver):
    channel = AppriseNotifier(url=f"json://127.0.0.1:{receiver.port}/hook")
    page = house.alert()
    assert not channel.wants(page)
    await channel.send([page], time.time())
    assert receiver.posts == []


def test_an_address_of_no_known_kind_and_a_missing_package_are_told_with_the_remedy(monkeypatch):
    with pytest.raises(UsageError, match="does not know the kind"):
        AppriseNotifier(url="nonsense://where")
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(UsageError, match=r"eval-watchdog\[apprise\]"):
        AppriseNotifier(url="json://127.0.0.1/hook")
