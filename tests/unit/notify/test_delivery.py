from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from msgspec.structs import replace

from watchdog.alert.heartbeat import watchdog_heartbeat
from watchdog.clock import ManualClock, SystemClock
from watchdog.domain.alert import AlertState
from watchdog.errors import StoreBusy
from watchdog.notify.delivery import BACKOFF_CAP, KEEP_RESOLVED, MAX_ATTEMPTS, DeliveryLoop, backoff


@pytest.fixture
def clock(house):
    return ManualClock(house.NOW)


def loop_of(outbox, clock, *notifiers, heartbeat=None, poll=0.005, send_limit=60.0):
    return DeliveryLoop(notifiers, outbox, clock, heartbeat, rng=Random(1), poll=poll, send_limit=send_limit)


async def test_each_row_is_sent_once_in_order(house, clock):
    outbox, hook = house.Outbox(), house.Notifier("hook")
    firing = house.alert("a")
    outbox.add("hook", firing)
    outbox.add("hook", house.alert("b"))
    loop = loop_of(outbox, clock, hook)
    await loop.tick()
    await loop.tick()
    assert hook.taken == [["a firing"], ["b firing"]]
    assert outbox.rows == {}
    assert loop.health["hook"].last_success == house.NOW
    assert loop.health["hook"].sent == 2


async def test_resolved_never_overtakes_firing(house, clock):
    outbox, hook = house.Outbox(), house.Notifier("hook", house.later())
    outbox.add("hook", house.alert("a"))
    outbox.add("hook", house.alert("a", AlertState.RESOLVED))
    loop = loop_of(outbox, clock, hook)
    for _ in range(5):
        await loop.tick()
        clock.advance(2)
    assert hook.taken == [["a firing"], ["a resolved"]]


async def test_a_failing_channel_is_left_alone_longer_and_longer(house, clock):
    outbox, hook = house.Outbox(), house.Notifier("hook", *[house.later()] * 500)
    outbox.add("hook", house.alert("a"))
    loop = loop_of(outbox, clock, hook)
    tried = []
    for _ in range(3600):
        calls = hook.calls
        await loop.tick()
        if hook.calls > calls:
            tried.append(clock.now() - house.NOW)
        clock.advance(1)
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    assert gaps[0] <= 2
    assert max(gaps) <= BACKOFF_CAP + 1
    assert len(tried) < 30
    assert loop.health["hook"].failures == len(tried)
    assert loop.health["hook"].error == "503"


async def test_a_failing_channel_recovers_and_loses_nothing(house, clock):
    outbox, hook = house.Outbox(), house.Notifier("hook", *[house.later()] * 6)
    for metric in "abc":
        outbox.add("hook", house.alert(metric))
    loop = loop_of(outbox, clock, hook)
    for _ in range(200):
        await loop.tick()
        clock.advance(1)
    assert sorted(hook.taken) == [["a firing"], ["b firing"], ["c firing"]]
    assert outbox.rows == {}
    assert loop.health["hook"].error == ""


async def test_what_the_receiver_asks_for_is_waited_for(house, clock):
    outbox, hook = house.Outbox(), house.Notifier("hook", house.later(retry_after=120))
    outbox.add("hook", house.alert("a"))
    loop = loop_of(outbox, clock, hook)
    for _ in range(119):
        await loop.tick()
        clock.advance(1)
    assert hook.calls == 1
    clock.advance(2)
    await loop.tick()
    assert hook.taken == [["a firing"]]


async def test_a_refused_row_is_given_up_and_the_next_one_is_sent(house, clock):
    outbox, hook = house.Outbox(), house.Notifier("hook", house.never())
    refused = outbox.add("hook", house.alert("a"))
    outbox.add("hook", house.alert("b"))
    loop = loop_of(outbox, clock, hook)
    await loop.tick()
    clock.advance(2)
    await loop.tick()
    assert outbox.dead == [(refused.id, "hook", "400")]
    assert hook.taken == [["b firing"]]
    assert loop.health["hook"].dead == 1


async def test_a_row_that_the_receiver_chokes_on_does_not_starve_the_others(house, clock):
    outbox = house.Outbox()

    class Choking(house.Notifier):
        async def send(self, alerts, now):
            if alerts[0].labels["metric"] == "poison":
                raise house.later()
            await super().send(alerts, now)

    hook = Choking("hook")
    outbox.add("hook", house.alert("poison"))
    loop = loop_of(outbox, clock, hook)
    for number in range(20):
        outbox.add("hook", house.alert(f"m{number}"), due_at=clock.now())
        for _ in range(10):
            await loop.tick()
            clock.advance(1)
    assert len(hook.taken) == 20


async def test_a_row_is_given_up_after_about_three_days_of_failures(house, clock):
    outbox, hook = house.Outbox(), house.Notifier("hook", *[house.later()] * 5000)
    outbox.add("hook", house.alert("a"))
    loop = loop_of(outbox, clock, hook)
    while not outbox.dead:
        await loop.tick()
        clock.advance(20)
    assert hook.calls == MAX_ATTEMPTS
    assert 2 * 86400 < clock.now() - house.NOW < 4 * 86400


async def test_a_dead_channel_holds_up_no_other(house):
    class Hanging(house.Notifier):
        async def send(self, alerts, now):
            await asyncio.Event().wait()

    outbox, hook = house.Outbox(), house.Notifier("hook")
    outbox.add("hanging", house.alert("a"))
    outbox.add("hook", house.alert("a"))
    stop = asyncio.Event()
    running = asyncio.create_task(loop_of(outbox, SystemClock(), Hanging("hanging"), hook).run(stop))
    while not hook.taken:
        await asyncio.sleep(0.005)
    outbox.add("hook", house.alert("b"))
    while len(hook.taken) < 2:
        await asyncio.sleep(0.005)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_stopping_delivers_once_more_what_is_due(house):
    outbox, hook = house.Outbox(), house.Notifier("hook")
    stop = asyncio.Event()
    running = asyncio.create_task(loop_of(outbox, SystemClock(), hook, poll=60).run(stop))
    await asyncio.sleep(0.05)
    outbox.add("hook", house.alert("a"))
    stop.set()
    await asyncio.wait_for(running, 5)
    assert hook.taken == [["a firing"]]


@pytest.mark.parametrize(("error", "said"), [(StoreBusy(), "locked"), (KeyError("a bug"), "KeyError")])
async def test_a_locked_database_and_a_bug_do_not_end_delivery(house, error, said):
    outbox, hook = house.Outbox(), house.Notifier("hook")
    outbox.add("hook", house.alert("a"))
    outbox.broken = error
    stop = asyncio.Event()
    loop = loop_of(outbox, SystemClock(), hook)
    running = asyncio.create_task(loop.run(stop))
    while not loop.health["hook"].failures:
        await asyncio.sleep(0.005)
    assert said in loop.health["hook"].error
    outbox.broken = None
    while not hook.taken:
        await asyncio.sleep(0.01)
    stop.set()
    await running


async def test_one_round_lets_errors_of_the_outbox_through(house, clock):
    outbox = house.Outbox()
    outbox.broken = StoreBusy()
    with pytest.raises(StoreBusy):
        await loop_of(outbox, clock, house.Notifier("hook")).tick()


async def test_somebody_elses_broken_notifier_is_tried_again(house, clock):
    outbox, hook = house.Outbox(), house.Notifier("hook", ZeroDivisionError("secret-token"))
    outbox.add("hook", house.alert("a"))
    loop = loop_of(outbox, clock, hook)
    await loop.tick()
    assert loop.health["hook"].error == "ZeroDivisionError in the notifier"
    clock.advance(2)
    await loop.tick()
    assert hook.taken == [["a firing"]]


async def test_live_alerts_and_the_heartbeat_are_sent_again_and_again(house, clock):
    outbox, am = house.Outbox(), house.Notifier("am", resend_every=30)
    outbox.live = [house.alert("a"), house.alert("b", AlertState.RESOLVED)]
    loop = loop_of(outbox, clock, am, heartbeat=lambda: watchdog_heartbeat(clock.now(), house.NOW))
    sent_at = []
    for _ in range(95):
        calls = am.calls
        await loop.tick()
        if am.calls > calls:
            sent_at.append(clock.now() - house.NOW)
        clock.advance(1)
    assert sent_at == [0, 30, 60, 90]
    assert am.taken[0] == ["a firing", "b resolved", "Watchdog firing"]
    clock.advance(KEEP_RESOLVED)
    await loop.tick()
    assert am.taken[-1] == ["a firing", "Watchdog firing"]


async def test_a_heartbeat_that_is_not_well_is_left_out(house, clock):
    outbox, am = house.Outbox(), house.Notifier("am", resend_every=30)
    outbox.live = [house.alert("a")]
    await loop_of(outbox, clock, am, heartbeat=lambda: None).tick()
    assert am.taken == [["a firing"]]


async def test_nothing_to_send_is_not_sent(house, clock):
    am = house.Notifier("am", resend_every=30)
    await loop_of(house.Outbox(), clock, am).tick()
    assert am.calls == 0


async def test_a_new_row_does_not_wait_for_the_next_resend(house, clock):
    outbox, am = house.Outbox(), house.Notifier("am", resend_every=30)
    loop = loop_of(outbox, clock, am)
    await loop.tick()
    clock.advance(1)
    alert = house.alert("a")
    outbox.live = [alert]
    outbox.add("am", alert)
    await loop.tick()
    assert am.taken == [["a firing"]]
    assert outbox.rows == {}


async def test_a_receiver_that_was_down_for_long_still_learns_of_the_end(house, clock):
    outbox, am = house.Outbox(), house.Notifier("am", resend_every=30)
    outbox.add("am", house.alert("a"))
    outbox.add("am", house.alert("a", AlertState.RESOLVED))
    clock.advance(KEEP_RESOLVED * 2)
    loop = loop_of(outbox, clock, am)
    await loop.tick()
    await loop.tick()
    assert am.taken[-1] == ["a resolved"]
    assert outbox.rows == {}


class Forgetting:
    """An Alertmanager that can be killed: it forgets, and ignores the end of what it does not know."""

    name = "am"
    resend_every = timedelta(seconds=30)

    def __init__(self, error):
        self.error = error
        self.holds = set()
        self.pages = []
        self.said = []
        self.down = False

    async def send(self, alerts, now):
        if self.down:
            raise self.error
        for alert in alerts:
            self.said.append(alert.state)
            if alert.state is AlertState.FIRING and alert.id not in self.holds:
                self.holds.add(alert.id)
                self.pages.append("firing")
            elif alert.state is AlertState.RESOLVED and alert.id in self.holds:
                self.holds.remove(alert.id)
                self.pages.append("resolved")

    async def forgotten(self, alerts):
        return frozenset() if self.down else frozenset(alert.id for alert in alerts) - self.holds

    def kill(self):
        self.holds.clear()


@pytest.fixture
def receiver(house):
    return Forgetting(house.later())


async def live(outbox, clock, loop, seconds):
    for _ in range(seconds):
        await loop.tick()
        clock.advance(1)


async def fire_and_resolve(house, clock, outbox, loop, between):
    alert = house.alert("a")
    outbox.live = [alert]
    outbox.add("am", alert)
    await live(outbox, clock, loop, 10)
    between()
    over = house.alert("a", AlertState.RESOLVED, resolved_at=clock.now())
    outbox.live = [over]
    outbox.add("am", over)


async def test_an_end_is_told_once_to_a_receiver_that_remembers(house, clock, receiver):
    outbox = house.Outbox()
    loop = loop_of(outbox, clock, receiver)
    await fire_and_resolve(house, clock, outbox, loop, between=lambda: None)
    await live(outbox, clock, loop, 600)
    assert receiver.pages == ["firing", "resolved"]
    assert outbox.rows == {}


async def test_a_receiver_that_forgot_is_reminded_before_it_is_told_of_the_end(house, clock, receiver):
    outbox = house.Outbox()
    loop = loop_of(outbox, clock, receiver)
    await fire_and_resolve(house, clock, outbox, loop, between=receiver.kill)
    await live(outbox, clock, loop, 60)
    assert receiver.pages == ["firing", "firing"]
    await live(outbox, clock, loop, 600)
    assert receiver.pages == ["firing", "firing", "resolved"]
    assert outbox.rows == {}


async def test_an_end_that_was_sent_by_a_process_that_was_killed_pages_nobody_again(house, clock, receiver):
    outbox = house.Outbox()
    loop = loop_of(outbox, clock, receiver)
    await fire_and_resolve(house, clock, outbox, loop, between=lambda: None)
    taken = dict(outbox.rows)
    await live(outbox, clock, loop, 20)
    assert receiver.pages == ["firing", "resolved"]
    for key, delivery in taken.items():  # the receiver took the end, and nobody lived to write that down
        outbox.rows[key] = replace(delivery, unconfirmed=True)
    await live(outbox, clock, loop_of(outbox, clock, receiver), 600)
    assert receiver.pages == ["firing", "resolved"]
    assert outbox.rows == {}


async def test_what_is_about_to_be_sent_is_written_down_first(house, clock, receiver):
    outbox = house.Outbox()
    loop = loop_of(outbox, clock, receiver)
    await fire_and_resolve(house, clock, outbox, loop, between=lambda: None)
    seen = []
    send = receiver.send

    async def watched(alerts, now):
        seen.extend(delivery.unconfirmed for delivery in outbox.rows.values())
        await send(alerts, now)

    receiver.send = watched
    await live(outbox, clock, loop, 20)
    assert any(seen)
    assert outbox.rows == {}


async def test_an_end_that_a_passing_failure_delayed_reminds_nobody(house, clock, receiver):
    outbox = house.Outbox()
    loop = loop_of(outbox, clock, receiver)

    def fail():
        receiver.down = True

    await fire_and_resolve(house, clock, outbox, loop, between=fail)
    await live(outbox, clock, loop, 100)
    receiver.down = False
    await live(outbox, clock, loop, 600)
    assert receiver.pages == ["firing", "resolved"]
    assert outbox.rows == {}


async def test_an_episode_that_came_and_went_while_the_receiver_was_down_is_still_told(house, clock, receiver):
    outbox = house.Outbox()
    receiver.down = True
    loop = loop_of(outbox, clock, receiver)
    await fire_and_resolve(house, clock, outbox, loop, between=lambda: None)
    await live(outbox, clock, loop, 100)
    receiver.down = False
    await live(outbox, clock, loop, 600)
    assert receiver.pages == ["firing", "resolved"]
    assert outbox.rows == {}


async def test_an_end_goes_out_when_its_row_is_due_however_the_clocks_disagree(house, clock, receiver):
    outbox = house.Outbox()
    loop = loop_of(outbox, clock, receiver)
    await fire_and_resolve(house, clock, outbox, loop, between=receiver.kill)
    await live(outbox, clock, loop, 20)
    outbox.due_at = dict.fromkeys(outbox.due_at, clock.now())
    await live(outbox, clock, loop, 1)
    assert receiver.pages == ["firing", "firing", "resolved"]
    assert outbox.rows == {}


def no_end_was_taken_back(receiver):
    firing, resolved = AlertState.FIRING, AlertState.RESOLVED
    over = receiver.said.index(resolved)
    return firing in receiver.said[:over] and firing not in receiver.said[over:]


async def test_a_restart_of_ours_while_reminding_loses_nothing_and_takes_no_end_back(house, clock, receiver):
    outbox = house.Outbox()
    loop = loop_of(outbox, clock, receiver)
    await fire_and_resolve(house, clock, outbox, loop, between=receiver.kill)
    await live(outbox, clock, loop, 20)
    await live(outbox, clock, loop_of(outbox, clock, receiver), 900)
    assert receiver.pages == ["firing", "firing", "resolved"]
    assert no_end_was_taken_back(receiver)
    assert outbox.rows == {}


async def test_an_end_whose_row_is_not_due_yet_waits_for_it(house, clock, receiver):
    outbox = house.Outbox()
    loop = loop_of(outbox, clock, receiver)
    await fire_and_resolve(house, clock, outbox, loop, between=lambda: None)
    outbox.due_at = dict.fromkeys(outbox.due_at, clock.now() + 100)  # another process sends it just now, say
    await live(outbox, clock, loop, 99)
    assert receiver.pages == ["firing"]
    await live(outbox, clock, loop, 600)
    assert receiver.pages == ["firing", "resolved"]
    assert no_end_was_taken_back(receiver)
    assert outbox.rows == {}


async def test_what_was_over_before_its_beginning_could_be_told_is_told_from_the_beginning(house, clock, receiver):
    outbox = house.Outbox()
    outbox.add("am", house.alert("a"))
    over = house.alert("a", AlertState.RESOLVED, resolved_at=clock.now())
    outbox.live = [over]
    outbox.add("am", over)
    await live(outbox, clock, loop_of(outbox, clock, receiver), 600)
    assert receiver.pages == ["firing", "resolved"]
    assert no_end_was_taken_back(receiver)
    assert outbox.rows == {}


async def test_a_resent_channel_is_tried_at_least_every_interval_and_never_given_up(house, clock):
    outbox, am = house.Outbox(), house.Notifier("am", *[house.later()] * 2000, resend_every=30)
    alert = house.alert("a")
    outbox.live = [alert]
    outbox.add("am", alert)
    loop = loop_of(outbox, clock, am)
    tried = []
    for _ in range(8 * 3600):
        calls = am.calls
        await loop.tick()
        if am.calls > calls:
            tried.append(clock.now())
        clock.advance(1)
    assert max(later - earlier for earlier, later in pairwise(tried)) <= 31
    assert outbox.dead == []
    am.script.clear()
    clock.advance(31)
    await loop.tick()
    assert outbox.rows == {}


async def test_of_a_refused_batch_only_the_refused_alert_is_given_up(house, clock):
    good, bad = house.alert("good"), house.alert("bad")
    outbox = house.Outbox()
    am = house.Notifier("am", house.never(bad.id), resend_every=30)
    outbox.live = [good, bad]
    outbox.add("am", good)
    refused = outbox.add("am", bad)
    loop = loop_of(outbox, clock, am)
    await loop.tick()
    assert outbox.dead == [(refused.id, "am", "400")]
    assert [name for name, _ in outbox.done] == [f"{good.id}-firing"]
    assert loop.health["am"].last_success == house.NOW


async def test_a_notifier_that_never_returns_is_given_up_for_the_round(house, clock):
    class Hanging(house.Notifier):
        async def send(self, alerts, now):
            await asyncio.Event().wait()

    outbox = house.Outbox()
    outbox.add("hook", house.alert("a"))
    loop = loop_of(outbox, clock, Hanging("hook"), send_limit=0.02)
    await loop.tick()
    assert loop.health["hook"].error == "no answer within 0.02 s"
    assert len(outbox.rows) == 1


def test_backoff_doubles_with_jitter_up_to_five_minutes():
    rng = Random(7)
    for attempts in range(1, 2000):
        ceiling = min(BACKOFF_CAP, 2.0 ** (attempts - 1)) if attempts < 20 else BACKOFF_CAP
        assert ceiling / 2 <= backoff(attempts, rng) <= ceiling
