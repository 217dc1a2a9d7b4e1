"""Nothing is lost, and nothing that was recorded is paid again: kill -9, SIGTERM, a locked database, a full disk."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from contextlib import closing
from itertools import pairwise
from random import Random

import pytest
from msgspec.structs import replace

from watchdog.domain.alert import Alert, AlertState, Reason, Transition
from watchdog.domain.digest import digest
from watchdog.errors import StoreBusy, StoreFull
from watchdog.store.store import Store

#: For each of two seeds.
KILLS = 25
IN_FLIGHT = 6
LATENCY = 0.05
CASES, ARMS, SCORERS = 40, 2, 4
#: Its own anchors are graded only now and then: the books below count the verdicts of every look.
WITHOUT_ANCHORS = "\n      - judge: { use: helpfulness, provider: judges, model: sim-judge, anchors: never }"
LIMITS = f"{{ concurrency: {IN_FLIGHT}, max_concurrency: {IN_FLIGHT}, timeout: 20 }}"
#: What may be paid twice: the calls in flight, and those that were answered in the last tenth of a second, which the
#: recorder gathers before it writes them; writing may take as long again on a busy machine.
AT_MOST_AGAIN = IN_FLIGHT * (1 + 0.2 / LATENCY)


class Ledger:
    """What the database of a workspace says, read from outside."""

    def __init__(self, workspace):
        self.path = workspace.folder / "watchdog.db"

    def rows(self, query, *values):
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query, values).fetchall()

    def runs(self):
        """(id, status) of the looks since the baseline, oldest first."""
        query = "SELECT id, status FROM runs WHERE planned_for > (SELECT max(frozen_at) FROM baselines)"
        return self.rows(f"{query} ORDER BY planned_for")

    def unfinished(self):
        """Id of the look that is under way; None when there is none."""
        return next((run for run, status in self.runs() if status != "finished"), None)

    def answered(self, run):
        """(role, case) of what is recorded."""
        return set(self.rows("SELECT role, case_id FROM responses WHERE run_id = ? AND status = 'answered'", run))

    def verdicts(self, run):
        """(role, case) of what the judge has graded."""
        query = "SELECT role, case_id FROM scores WHERE run_id = ? AND scorer = 'helpfulness' AND value IS NOT NULL"
        return set(self.rows(query, run))

    def told(self):
        """Id, alert, and new state of the transitions that somebody has to be told of."""
        return self.rows(
            "SELECT id, alert_id, after FROM transitions"
            " WHERE after = 'firing' OR (after = 'resolved' AND before = 'firing') ORDER BY at"
        )


class Calls:
    """What the simulator was asked."""

    def __init__(self, simulator, models):
        self.simulator, self.roles = simulator, {model: role for role, model in models.items()}
        self.start()

    def start(self):
        self._targets, self._judge = self._count()

    def _count(self):
        stats = self.simulator.stats()
        targets = Counter()
        for model, cases in stats["cases"].items():
            if model in self.roles:
                targets.update({(self.roles[model], case): count for case, count in cases.items()})
        return targets, stats["models"].get("sim-judge", {}).get("calls", {}).get("judge", 0)

    def since(self):
        """Calls by (role, case), and calls to the judge, since the start."""
        targets, judge = self._count()
        return targets - self._targets, judge - self._judge

    def settled(self):
        """The same, when nothing is on its way any more."""
        while self.simulator.stats()["in_flight"]:
            time.sleep(0.005)
        return self.since()


class Killer:
    """Chooses a moment of a run and ends the process there, if the process lives that long."""

    def __init__(self, rng, calls, receiver):
        self.rng, self.calls, self.receiver = rng, calls, receiver
        self.struck = Counter()

    def strike(self, process, *, owed, owed_verdicts):
        phases = {"start-up": 0.15, "replay": 0.5 * bool(owed), "scoring": 0.2, "decide": 0.1, "deliver": 0.15}
        phases = self._unstruck(phases) or phases
        phase = self.rng.choices(list(phases), list(phases.values()))[0]
        posts = len(self.receiver.posts)
        calls, verdicts = self.rng.randint(1, max(1, owed)), self.rng.randint(1, max(1, owed_verdicts))
        reached = {
            "start-up": lambda: True,
            "replay": lambda: self.calls.since()[0].total() >= calls,
            "scoring": lambda: self.calls.since()[1] >= verdicts,
            "decide": lambda: self.calls.since()[1] >= owed_verdicts,
            "deliver": lambda: len(self.receiver.posts) > posts,
        }[phase]
        while process.poll() is None and not reached():
            time.sleep(0.005)
        longest = {"start-up": 1.0, "replay": 0.1, "scoring": 0.1, "decide": 0.4, "deliver": 0.06}[phase]
        self.wait(process, self.rng.uniform(0.0, longest))
        alive = process.poll() is None
        process.kill()
        process.wait(10)
        if alive:
            self.struck[phase] += 1

    def _unstruck(self, phases):
        """What can be struck and was not yet: each comes once before the lot decides; delivery waits for news."""
        return {
            each: chance for each, chance in phases.items() if chance and not self.struck[each] and each != "deliver"
        }

    def wait(self, process, seconds):
        end = time.monotonic() + seconds
        while process.poll() is None and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.005))


@pytest.fixture
def webhook(judged_workspace, receiver):
    """A judged workspace that tells a webhook."""
    notify = f'webhook: {{ url: "{receiver.url}", allow_loopback: true }}'
    return judged_workspace.write(notify=notify, limits=LIMITS, judge=WITHOUT_ANCHORS)


@pytest.mark.parametrize("seed", [1, 2])
def test_fifty_kills_lose_nothing_and_pay_twice_for_hardly_anything(webhook, simulator, receiver, capsys, seed):
    simulator.control({"models": {"*": {"latency": LATENCY}}})
    ledger = Ledger(webhook)
    calls = Calls(simulator, {"current": "sim-1", "pinned": "sim-1-2026-08"})
    killer = Killer(Random(seed), calls, receiver)
    repeated, repeated_verdicts, processes = [], [], 0
    begun = time.monotonic()
    while killer.struck.total() < KILLS:
        run = ledger.unfinished()
        if run is None:  # between two looks the model goes and comes, so that alerts fire and resolve
            firing = ledger.rows("SELECT count(*) FROM alerts WHERE state = 'firing'")[0][0]
            simulator.control({"aliases": {"sim-1": "sim-1-2026-08" if firing else "sim-1-2026-11"}})
        known = ledger.answered(run) if run else set()
        graded = ledger.verdicts(run) if run else set()
        before = {each for each, _ in ledger.runs()}
        calls.start()
        process = webhook.popen("run")
        processes += 1
        killer.strike(process, owed=CASES * ARMS - len(known), owed_verdicts=CASES * ARMS - len(graded))
        _, errors = process.communicate()
        assert "Traceback" not in errors
        asked, judged = calls.settled()
        fresh = {each for each, _ in ledger.runs()} - before
        assert len(fresh) <= (0 if run else 1)  # an interrupted look is continued, whatever it takes
        run = run or next(iter(fresh), None)
        assert not known & set(asked)  # what was recorded is never paid again
        assert not asked or max(asked.values()) == 1
        recorded = ledger.answered(run) - known if run else set()
        repeated.append(asked.total() - len(recorded))
        repeated_verdicts.append(judged - len(ledger.verdicts(run) - graded if run else ()))
        assert recorded <= set(asked)
    assert max(repeated) <= AT_MOST_AGAIN
    assert max(repeated_verdicts) <= AT_MOST_AGAIN
    assert min(*repeated, *repeated_verdicts) >= 0
    seconds = time.monotonic() - begun

    simulator.control({"models": {"*": {"latency": 0.0}}, "aliases": {"sim-1": "sim-1-2026-08"}})
    for _ in range(8):
        last = webhook.command("run")
        assert last.returncode in (0, 1), last.stderr
        if last.returncode == 0:
            break
    whole_and_decided_once(ledger)
    told_at_least_once_and_in_order(ledger, receiver)
    assert set(killer.struck) >= {"start-up", "replay", "scoring", "decide"}
    assert {state for _, _, state in ledger.told()} == {"firing", "resolved"}
    with capsys.disabled():
        print(
            f"\n{killer.struck.total()} kills of {processes} processes in {seconds:.0f} s at {dict(killer.struck)}; "
            f"{len(ledger.runs())} looks, {len(ledger.told())} transitions told in {len(receiver.posts)} posts; paid "
            f"again at a kill: calls max {max(repeated)} mean {sum(repeated) / len(repeated):.1f}, "
            f"verdicts max {max(repeated_verdicts)} mean {sum(repeated_verdicts) / len(repeated_verdicts):.1f}"
        )


def whole_and_decided_once(ledger):
    runs = ledger.runs()
    assert {status for _, status in runs} == {"finished"}
    for run, _ in runs:
        assert len(ledger.answered(run)) == CASES * ARMS
        [(responses,)] = ledger.rows("SELECT count(*) FROM responses WHERE run_id = ?", run)
        [(scores,)] = ledger.rows("SELECT count(*) FROM scores WHERE run_id = ? AND value IS NOT NULL", run)
        assert (responses, scores) == (CASES * ARMS, CASES * ARMS * SCORERS)
    observed = Counter(ledger.rows("SELECT run_id, scorer, arm FROM observations"))
    assert set(observed.values()) == {1}
    scored = [key for key in observed if not key[1].startswith("answer-")]  # measures apart
    assert len(scored) == len(runs) * SCORERS * 3  # current, pinned, and the difference of the two
    episodes = ledger.rows("SELECT fingerprint, starts_at, resolved_at FROM alerts ORDER BY fingerprint, starts_at")
    for (one, _, over), (other, begun, _) in pairwise(episodes):
        assert one != other or (over is not None and over <= begun)  # one episode of a claim at a time
    steps = Counter((alert, state) for _, alert, state in ledger.told())
    assert set(steps.values()) == {1}


def told_at_least_once_and_in_order(ledger, receiver):
    told = ledger.told()
    assert {post.id for post in receiver.posts} == {transition for transition, _, _ in told}
    fingerprints = dict(ledger.rows("SELECT id, fingerprint FROM alerts"))
    about = {transition: (fingerprints[alert], state) for transition, alert, state in told}
    statuses = {}
    for post in receiver.posts:
        [alert] = post.body["alerts"]
        assert about[post.id] == (alert["fingerprint"], alert["status"])
        statuses.setdefault((alert["fingerprint"], alert["startsAt"]), []).append(alert["status"])
    for said in statuses.values():
        assert said == sorted(said)  # firing, perhaps twice, and then resolved, perhaps twice


def test_a_daemon_killed_while_it_delivers_sends_every_transition_under_its_own_name(webhook, receiver):
    rng, now, kills = Random(3), time.time(), 0
    receiver.refuse_every = 11
    with closing(Store(f"sqlite:///{webhook.folder / 'watchdog.db'}")) as store, store.begin() as session:
        for number in range(24):
            session.alerts.save("support_reply", list(episode(number, now)), ["webhook"])
    ledger = Ledger(webhook)
    while waiting := len(ledger.rows("SELECT 1 FROM outbox WHERE delivered_at IS NULL")):
        process, enough = webhook.popen("serve", "--port", "0"), len(receiver.posts) + min(waiting, rng.randint(2, 14))
        until(lambda: len(receiver.posts) >= enough or process.poll() is not None)  # noqa: B023
        time.sleep(rng.uniform(0.0, 0.06))
        assert process.poll() is None
        process.kill()
        process.communicate()
        kills += 1
    assert kills >= 3
    assert len(receiver.posts) <= 48 + kills  # the one in flight is sent again
    told_at_least_once_and_in_order(ledger, receiver)


def episode(number, now):
    """An alert that fires and is resolved."""
    labels = {"alertname": "EvalDrift", "alert_type": "model", "watch": "support_reply", "metric": f"m{number}"}
    fired, over = now - 100.0 + number, now - 99.5 + number
    firing = Alert(
        fingerprint=digest(labels),
        labels=labels,
        annotations={},
        state=AlertState.FIRING,
        starts_at=fired,
        updated_at=fired,
        fired_at=fired,
    )
    yield Transition(alert=firing, before=AlertState.PENDING, reason=Reason.HELD, at=fired)
    resolved = replace(firing, state=AlertState.RESOLVED, resolved_at=over, reason=Reason.CLEARED)
    yield Transition(alert=resolved, before=AlertState.FIRING, reason=Reason.CLEARED, at=over)


def test_a_second_run_of_a_watch_stands_back_and_asks_nobody(slow, simulator, calls):
    simulator.control({"models": {"*": {"latency": 2.0}}})  # the first outlasts the second
    first = slow.popen("run")
    until(lambda: calls.since()[0].total() >= 1)
    second = slow.command("run")
    simulator.control({"models": {"*": {"latency": 0.0}}})
    first.communicate(timeout=30)
    assert (first.returncode, second.returncode) == (0, 2)
    assert "is being run by another process" in second.stderr
    asked, judged = calls.settled()
    assert len(asked) == asked.total() == judged == CASES * ARMS


def until(reached, seconds=60.0):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.005)


@pytest.fixture
def slow(judged_workspace, simulator):
    """A judged workspace whose calls can be caught in flight."""
    simulator.control({"models": {"*": {"latency": LATENCY}}})
    return judged_workspace.write(limits=LIMITS, judge=WITHOUT_ANCHORS)


@pytest.fixture
def calls(simulator):
    """Calls from now on."""
    return Calls(simulator, {"current": "sim-1", "pinned": "sim-1-2026-08"})


@pytest.mark.parametrize("phase", ["replay", "scoring"])
def test_sigterm_finishes_what_is_in_flight_and_the_next_run_asks_only_for_the_rest(slow, calls, phase):
    ledger = Ledger(slow)
    process = slow.popen("run", "--json")
    until(lambda: calls.since()[0].total() >= 20 if phase == "replay" else calls.since()[1] >= 20)
    process.terminate()
    begun = time.monotonic()
    output, errors = process.communicate(timeout=20)
    assert time.monotonic() - begun < 10.0
    assert process.returncode == 4
    assert "stopping" in errors
    assert "the next run continues it" in output
    [(run, status)] = ledger.runs()
    assert status == "interrupted"
    asked, judged = calls.settled()
    assert ledger.answered(run) == set(asked)
    assert len(ledger.verdicts(run)) == judged
    assert ledger.rows("SELECT count(*) FROM scores WHERE run_id = ? AND value IS NULL", run) == [(0,)]
    assert (0 < asked.total() < CASES * ARMS) if phase == "replay" else (0 < judged < CASES * ARMS)

    assert slow.command("run").returncode == 0
    assert ledger.runs() == [(run, "finished")]
    asked, judged = calls.settled()
    assert len(asked) == asked.total() == judged == CASES * ARMS


@pytest.mark.parametrize("retry", [False, True], ids=["without --retry-errors", "with --retry-errors"])
def test_an_interrupted_run_asks_again_what_failed_only_when_told_to(slow, simulator, calls, retry):
    faulty = {"sim-1": "faulty", "sim-1-2026-08": "faulty"}
    simulator.control({"models": {"faulty": {"faults": {"400": 0.4}, "quality": 0.9}}, "aliases": faulty})
    process = slow.popen("run")
    until(lambda: calls.since()[0].total() >= 40)
    process.terminate()
    process.communicate(timeout=20)
    asked, _ = calls.settled()
    ledger = Ledger(slow)
    [(run, _)] = ledger.runs()
    answered = ledger.answered(run)
    failed = set(asked) - answered
    assert failed
    assert answered

    simulator.control({"models": {"faulty": {"faults": {}}}})
    calls.start()
    slow.command("run", *(["--retry-errors"] if retry else []))
    again, _ = calls.settled()
    assert set(again) & failed == (failed if retry else set())
    assert set(again).isdisjoint(answered)
    assert ledger.runs() == [(run, "finished")]
    assert len(ledger.answered(run)) == CASES * ARMS - (0 if retry else len(failed))


def test_verdicts_that_a_failing_judge_did_not_give_are_asked_for_again_when_told_to(slow, simulator, calls):
    simulator.control({"models": {"sim-judge": {"faults": {"400": 0.4}}}})
    process = slow.popen("run")
    until(lambda: calls.since()[1] >= 40)
    process.terminate()
    process.communicate(timeout=20)
    ledger = Ledger(slow)
    [(run, _)] = ledger.runs()
    graded = ledger.verdicts(run)
    simulator.control({"models": {"sim-judge": {"faults": {}}}})
    calls.start()
    slow.command("run", "--retry-errors")
    asked, judged = calls.settled()
    assert not asked
    assert judged == CASES * ARMS - len(graded)
    assert len(ledger.verdicts(run)) == CASES * ARMS


def test_a_database_that_another_process_locks_is_told_in_words_and_asks_nobody(workspace, lock, calls):
    with lock(workspace.folder / "watchdog.db"):
        done = workspace.command("run")
    assert done.returncode == 4
    assert done.stderr.strip().endswith("The database is locked by another process; nothing was lost, try again.")
    assert not calls.settled()[0]
    assert workspace.command("run").returncode == 0


def test_a_lock_of_some_seconds_in_mid_run_is_waited_for(slow, lock, calls):
    ledger = Ledger(slow)
    process = slow.popen("run")
    until(lambda: calls.since()[0].total() >= 10)
    with lock(ledger.path):
        time.sleep(2.0)
    process.communicate(timeout=30)
    assert process.returncode == 0
    [(run, status)] = ledger.runs()
    assert (status, len(ledger.answered(run))) == ("finished", CASES * ARMS)


async def test_answers_that_a_locked_database_refuses_are_kept_beside_it_and_taken_in_later(
    slow, impatient, lock, calls
):
    ledger = Ledger(slow)
    story = impatient(slow)
    looking = asyncio.create_task(story.look())
    while (await asyncio.to_thread(calls.since))[0].total() < 20:
        await asyncio.sleep(0.01)
    with lock(ledger.path):
        with pytest.raises(StoreBusy, match=r"locked by another process.*kept in .*taken in by the next run"):
            await looking
        [kept] = slow.folder.glob("watchdog-unrecorded-*.jsonl")
        asked, _ = calls.settled()
    [(run, _)] = ledger.runs()
    assert 0 < len(ledger.answered(run)) < asked.total() < CASES * ARMS

    await story.look()
    assert not kept.exists()
    assert ledger.runs() == [(run, "finished")]
    asked, _ = calls.settled()
    assert len(ledger.answered(run)) == len(asked) == asked.total() == CASES * ARMS


async def test_a_full_disk_is_told_in_words_and_loses_nothing(slow, small_disk, impatient, calls):
    ledger = Ledger(slow)
    small_disk.take(ledger)
    slow.write(store=f"sqlite:///{ledger.path}")
    small_disk.leave(0)
    done = await asyncio.to_thread(slow.command, "run")
    assert done.returncode == 4
    assert "the disk of the database is full" in done.stderr.lower()
    assert not calls.settled()[0]

    small_disk.leave(150_000)
    story = impatient(slow)
    with pytest.raises(StoreFull, match=r"disk of the database is full.*kept in .*taken in by the next run") as caught:
        await story.look()
    assert caught.value.exit_code == 4
    asked, _ = calls.settled()
    [(run, _)] = ledger.runs()
    assert 0 < len(ledger.answered(run)) < asked.total()

    small_disk.leave(50_000_000)
    await story.look()
    assert ledger.runs() == [(run, "finished")]
    asked, _ = calls.settled()
    assert len(ledger.answered(run)) == len(asked) == asked.total() == CASES * ARMS
