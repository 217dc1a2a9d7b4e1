"""Against a stand-in that keeps messages as Slack does: posted, changed, found by their metadata."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import parse_qs

import pytest

from watchdog.domain.alert import AlertState
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.slack import SlackNotifier

TOKEN = "xoxb-1234-planted"
CHANNEL = "C0123456789"


class Workspace:
    """The three methods of Slack's API that are used."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.messages = []
        self.calls = []
        #: Error by method.
        self.errors = {}
        receiver.answer = self.answer

    def answer(self, post):
        method = post["path"].removeprefix("/api/")
        self.calls.append(method)
        assert post["headers"]["authorization"] == f"Bearer {TOKEN}"
        if method in self.errors:
            return {"ok": False, "error": self.errors[method]}
        if method == "conversations.history":
            query = {name: value[0] for name, value in parse_qs(post["raw"].decode()).items()}
            assert query["channel"] == CHANNEL
            newest = [m for m in reversed(self.messages) if "thread_ts" not in m and m["ts"] >= query["oldest"]]
            start = int(query.get("cursor", 0))
            page = newest[start : start + 2]
            more = str(start + 2) if start + 2 < len(newest) else ""
            return {"ok": True, "messages": page, "response_metadata": {"next_cursor": more}}
        message = json.loads(post["raw"])
        assert message["channel"] == CHANNEL
        assert 0 < len(message["text"]) <= 3000
        if method == "chat.update":
            (old,) = [m for m in self.messages if m["ts"] == message["ts"]]
            old.update(message)
            return {"ok": True, "channel": CHANNEL, "ts": old["ts"]}
        assert method == "chat.postMessage"
        message["ts"] = f"{time.time():.6f}"
        self.messages.append(message)
        return {"ok": True, "channel": CHANNEL, "ts": message["ts"]}


@pytest.fixture
def slack(receiver):
    return Workspace(receiver)


@pytest.fixture
async def make(receiver):
    made = []

    def notifier(**more):
        url = f"http://127.0.0.1:{receiver.port}/api"
        made.append(SlackNotifier(**{"token": TOKEN, "channel": CHANNEL, "api_url": url, **more}))
        return made[-1]

    yield notifier
    for each in made:
        await each.aclose()


def pair(house, metric="is-json", **more):
    now = time.time()
    return [house.alert(metric, state, now, **more) for state in (AlertState.FIRING, AlertState.RESOLVED)]


async def test_the_message_of_an_alert_turns_into_the_resolved_one_and_the_thread_says_so(house, slack, make):
    firing, ended = pair(house, annotations={"summary": "worse", "recovery": "back at 0.93"})
    notifier = make()
    await notifier.send([firing], time.time())
    assert slack.messages[0]["text"] == "FIRING page: worse"
    red = slack.messages[0]["attachments"][0]["color"]
    await notifier.send([ended], time.time())
    message, reply = slack.messages
    assert message["text"] == "RESOLVED page: worse"
    assert message["attachments"][0]["color"] != red
    assert (reply["thread_ts"], reply["text"]) == (message["ts"], "Resolved: back at 0.93")
    assert "conversations.history" not in slack.calls


async def test_after_a_restart_the_message_is_found_again_among_others(house, slack, make):
    alerts = [pair(house, f"metric-{at}") for at in range(5)]
    before = make()
    for firing, _ in alerts:
        await before.send([firing], time.time())
    await make().send([alerts[1][1]], time.time())
    texts = [message["text"].split()[0] for message in slack.messages if "thread_ts" not in message]
    assert texts == ["FIRING", "RESOLVED", "FIRING", "FIRING", "FIRING"]
    assert slack.messages[-1]["thread_ts"] == slack.messages[1]["ts"]


@pytest.mark.parametrize("missing", ["the message", "the scope", "the right to change it"])
async def test_an_end_that_cannot_be_written_into_its_message_is_a_message_of_its_own(house, slack, make, missing):
    firing, ended = pair(house)
    notifier = make()
    if missing != "the message":
        await notifier.send([firing], time.time())
    if missing == "the scope":
        slack.errors["conversations.history"] = "missing_scope"
        notifier = make()
    if missing == "the right to change it":
        slack.errors["chat.update"] = "edit_window_closed"
    await notifier.send([ended], time.time())
    assert slack.messages[-1]["text"].startswith("RESOLVED")
    assert "thread_ts" not in slack.messages[-1]


@pytest.mark.parametrize(
    ("code", "retryable"),
    [("channel_not_found", False), ("invalid_auth", False), ("internal_error", True), ("ratelimited", True)],
)
async def test_an_error_of_the_api_is_named_and_decides_whether_to_try_again(house, slack, make, code, retryable):
    slack.errors["chat.postMessage"] = code
    with pytest.raises(DeliveryError, match=code) as caught:
        await make().send([house.alert()], time.time())
    assert caught.value.retryable is retryable


async def test_a_strangers_error_is_not_repeated(house, slack, make):
    slack.errors["chat.postMessage"] = f"look: {TOKEN}\x1b[31m"
    with pytest.raises(DeliveryError, match="unknown_error") as caught:
        await make().send([house.alert()], time.time())
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(("status", "retryable"), [(429, True), (503, True), (404, False)])
async def test_the_status_decides_too(house, receiver, make, status, retryable):
    receiver.status, receiver.headers = status, {"Retry-After": "9"}
    with pytest.raises(DeliveryError) as caught:
        await make().send([house.alert()], time.time())
    assert caught.value.retryable is retryable
    assert caught.value.retry_after == 9.0


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
async def test_an_answer_that_is_not_slacks_is_no_delivery(house, receiver, make, body):
    receiver.body = body
    with pytest.raises(DeliveryError, match="not Slack's"):
        await make().send([house.alert()], time.time())


async def test_a_webhook_gets_one_message_for_each_transition(house, receiver):
    receiver.body = b"ok"
    notifier = SlackNotifier(webhook_url=f"http://127.0.0.1:{receiver.port}/services/T0/B0/planted")
    for alert in pair(house):
        await notifier.send([alert], time.time())
    await notifier.aclose()
    texts = [json.loads(post["raw"])["text"] for post in receiver.posts]
    assert texts == ["FIRING page: is-json is worse", "RESOLVED page: is-json is worse"]
    assert {post["path"] for post in receiver.posts} == {"/services/T0/B0/planted"}


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (404, False), (410, False), (429, True), (500, True)])
async def test_the_address_of_a_webhook_is_not_in_its_errors(house, receiver, status, retryable):
    receiver.status, receiver.body = status, b"no_service planted"
    notifier = SlackNotifier(webhook_url=f"http://127.0.0.1:{receiver.port}/services/T0/B0/planted")
    with pytest.raises(DeliveryError) as caught:
        await notifier.send([house.alert()], time.time())
    await notifier.aclose()
    assert "planted" not in str(caught.value)
    assert caught.value.retryable is retryable


async def test_hostile_text_mentions_nobody_links_nowhere_and_stays_within_the_limits(house, slack, make):
    hostile = "<!channel> <@U1> @here <https://evil.example|bank> &lt;!here&gt; \x1b[31m `*_~ {{x}} " + "x" * 1_000_000
    annotations = dict.fromkeys(["summary", "description", "worst_cases", "recovery", "effect", "cause"], hostile)
    firing, ended = pair(house, annotations={**annotations, "runbook_url": "https://evil.example|<!channel>"})
    notifier = make()
    await notifier.send([firing], time.time())
    await notifier.send([ended], time.time())
    for message in slack.messages:
        whole = json.dumps(message)
        assert len(whole) < 13_000
        assert message["mrkdwn"] is False
        assert message["link_names"] is False
        assert message["parse"] == "none"
        assert not re.search("[<>]", message["text"])
        assert "\\u001b" not in whole
        blocks = message["attachments"][0]["blocks"] if "attachments" in message else []
        assert len(blocks) <= 50
        for block in blocks:
            for element in [block["text"]] if "text" in block else block["elements"]:
                assert element["type"] == "plain_text"
                assert len(element["text"]) <= 3000


async def test_our_own_runbook_is_a_link(house, slack, make):
    alert = house.alert(annotations={"summary": "worse", "runbook_url": "https://runbooks.example/a?b=1&c=2"})
    await make().send([alert], time.time())
    blocks = slack.messages[0]["attachments"][0]["blocks"]
    assert {"type": "mrkdwn", "text": "<https://runbooks.example/a?b=1&amp;c=2|Runbook>"} in [
        block.get("text") for block in blocks
    ]


async def test_only_what_is_wanted_is_said(house, slack, make):
    await make(severities=["page"], only={"team": ["ai"]}).send([house.alert()], time.time())
    assert slack.messages == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "either token and channel, or webhook_url"),
        ({"token": "t", "channel": CHANNEL, "webhook_url": "https://hooks.slack.com/x"}, "either"),
        ({"token": "t", "channel": "#alerts"}, "id of a channel"),
        ({"webhook_url": "http://hooks.slack.com/services/x"}, "https"),
        ({"token": "t", "channel": CHANNEL, "api_url": "http://slack.com/api"}, "https"),
    ],
)
def test_what_is_missing_is_said(arguments, said):
    with pytest.raises(UsageError, match=said):
        SlackNotifier(**arguments)
