"""The web page, health and metrics over real HTTP, beside a real daemon."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import httpx2
import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from watchdog.clock import SystemClock
from watchdog.daemon.daemon import Daemon
from watchdog.daemon.until_signal import serve_until_signal
from watchdog.domain.alert import Alert, AlertState, Reason, Transition
from watchdog.domain.baseline import Baseline, BaselineStatus, Instruments, MetricBaseline
from watchdog.domain.case import CheckSpec
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, Better, Layer, MetricKey, Observation
from watchdog.domain.run import RunStatus
from watchdog.domain.silence import Matcher, Silence, SilenceKind
from watchdog.domain.watch import ScorerPlan
from watchdog.errors import UsageError
from watchdog.notify.delivery import ChannelHealth
from watchdog.web.app import web_app
from watchdog.web.metrics import HouseCollector, LookTimes
from watchdog.web.server import WebServer


class House:
    """A daemon with its web page; ``url`` once it listens."""

    def __init__(self, stepwise, store, *watches, hosts=(), **schedule):
        clock = SystemClock()
        looks = {watch.name: watch for watch in watches or (stepwise.a_watch(**schedule),)}
        self.look = stepwise.Stepwise(store)
        self.delivery = stepwise.QuietDelivery()
        registry = CollectorRegistry()
        self.daemon = Daemon(
            looks, self.look, stepwise.a_plan, store, self.delivery, clock, grace=5.0, on_look=[LookTimes(registry)]
        )
        calls = {("fake", "answered"): 7, ("fake", "rate-limit"): 2}
        registry.register(
            HouseCollector(store, self.daemon, self.delivery, clock, version="0.1.0", calls=lambda: calls)
        )
        self.web = WebServer(web_app(self.daemon, store, clock, registry, hosts=hosts), port=0)

    async def __aenter__(self):
        self.url = await self.web.start()
        await self.daemon.start()
        self.client = httpx2.AsyncClient(base_url=self.url, timeout=10.0)
        return self

    async def __aexit__(self, *_):
        await self.client.aclose()
        await self.daemon.stop()
        await self.web.stop()

    async def get(self, path, **headers):
        return await self.client.get(path, headers=headers)

    async def metrics(self):
        text = (await self.get("/metrics")).text
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def fire(store):
    """Make an alert fire."""

    def fire(**annotations):
        labels = {"alertname": "QualityDrop", "alert_type": "model", "severity": "page", "feature": "reply"}
        alert = Alert(
            fingerprint="f" * 16,
            labels=labels,
            annotations={"summary": "reply got worse", **annotations},
            state=AlertState.FIRING,
            starts_at=time.time() - 300,
            updated_at=time.time(),
            fired_at=time.time() - 200,
        )
        transition = Transition(alert=alert, before=None, reason=Reason.HELD, at=time.time() - 60)
        with store.begin() as session:
            session.alerts.save("reply", [transition], ["am", "hook"])
            session.outbox.failed(transition.id, "hook", "refused", None)

    return fire


def signal_at(run_id, level):
    return Signal(
        key=MetricKey(watch="reply", scorer="is-json", arm=Arm.CURRENT),
        run_id=run_id,
        at=time.time(),
        level=level,
        statistic=9.0,
        threshold=8.0,
        effect=-0.2,
        interval=(-0.3, -0.1),
        n=30,
    )


async def test_readyz_is_200_while_looks_come_and_503_once_they_stop(stepwise, store, eventually):
    async with House(stepwise, store) as house:
        assert (await house.get("/healthz")).text == "alive\n"
        async with asyncio.timeout(60):  # a machine may be too busy for looks in time, but not for ever
            while (answer := await house.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.02)
        assert answer.json() == {"ready": True, "problems": []}
        house.look.steps, house.look.seconds = 1000, 0.05
        await eventually(house.daemon.late)
        answer = await house.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["problems"][0]["part"] == "watch reply"


async def test_a_store_that_is_gone_turns_readyz_red_and_leaves_the_rest_standing(stepwise, store, tmp_path):
    async with House(stepwise, store, every=3600.0) as house:
        store.close()
        for file in tmp_path.glob("watchdog.db*"):
            file.unlink()
        (tmp_path / "watchdog.db").mkdir()
        answer = await house.get("/readyz")
        assert answer.status_code == 503
        assert [problem["part"] for problem in answer.json()["problems"]] == ["store"]
        assert (await house.get("/healthz")).status_code == 200
        page = await house.get("/")
        assert page.status_code == 200
        assert "Nothing is known while the database does not answer" in page.text
        metrics = await house.metrics()
        assert metrics["eval_watchdog_store_up",] == 0.0
        assert "eval_watchdog_alerts_active" not in str(metrics)
        assert (await house.get("/api/watches")).status_code == 503


async def test_metrics_tell_runs_misses_cost_alerts_and_delivery(stepwise, store, fire, eventually):
    now = time.time()
    with store.begin() as session:
        session.runs.save(stepwise.a_plan("reply", now - 5400.0))
    fire()
    async with House(stepwise, store, every=3600.0) as house:
        house.delivery.health = {"am": ChannelHealth(last_success=now, sent=5, failures=2)}
        await eventually(lambda: house.daemon.standings()[0].last)
        timed = ("eval_watchdog_look_seconds_count", "finished", "reply")
        async with asyncio.timeout(10):
            while timed not in (found := await house.metrics()):  # the look is timed after it has ended
                await asyncio.sleep(0.02)
    expected = {
        ("eval_watchdog_runs_total", "finished", "reply"): 1,
        ("eval_watchdog_runs_total", "failed", "reply"): 0,
        ("eval_watchdog_missed_runs_total", "reply"): 2,
        ("eval_watchdog_cost_dollars_total", "reply"): 0.25,
        ("eval_watchdog_unpriced_calls_total", "reply"): 1,
        ("eval_watchdog_alerts_active", "model", "page"): 1,
        ("eval_watchdog_alerts_active", "infra", "page"): 0,
        ("eval_watchdog_delivery_failures_total", "am"): 2,
        ("eval_watchdog_delivered_alerts_total", "am"): 5,
        ("eval_watchdog_delivery_last_success_timestamp_seconds", "am"): pytest.approx(now),
        ("eval_watchdog_outbox_waiting",): 1,
        ("eval_watchdog_outbox_dead",): 1,
        ("eval_watchdog_outbox_oldest_seconds",): pytest.approx(60.0, abs=5.0),
        ("eval_watchdog_calls_total", "answered", "fake"): 7,
        ("eval_watchdog_look_seconds_count", "finished", "reply"): 1,
        ("eval_watchdog_store_up",): 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["eval_watchdog_last_success_timestamp_seconds", "reply"] == pytest.approx(now, abs=10)
    assert 0 <= found["eval_watchdog_run_lag_seconds", "reply"] < 5
    assert any(name[0] == "eval_watchdog_build_info" and "0.1.0" in name for name in found)


async def test_promtool_finds_nothing_to_say_about_the_metrics(stepwise, store, fire, eventually):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (of Prometheus) is not installed")
    fire()
    async with House(stepwise, store, every=3600.0) as house:
        house.delivery.health = {"am": ChannelHealth(last_success=1.0)}
        await eventually(lambda: house.daemon.standings()[0].last)
        text = (await house.get("/metrics")).content
    checked = await asyncio.to_thread(
        subprocess.run, [promtool, "check", "metrics"], input=text, capture_output=True, timeout=30, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


async def test_the_page_shows_watches_alerts_and_runbooks_and_loads_nothing(stepwise, store, fire, runs, eventually):
    fire(runbook_url="https://example.org/runbook", effect="-20.0 points", next_command="eval-watchdog triage reply")
    async with House(stepwise, store, every=3600.0) as house:
        await eventually(lambda: runs("reply", RunStatus.FINISHED))
        with store.begin() as session:
            session.detection.save_signals([signal_at(runs("reply", RunStatus.FINISHED)[0].id, Level.DRIFT)])
        answer = await house.get("/")
        [watch] = (await house.get("/api/watches")).json()["watches"]
        [alert] = (await house.get("/api/alerts")).json()["alerts"]
    page = answer.text
    assert "1 alert fires." in page
    assert "reply got worse" in page
    assert "-20.0 points" in page
    assert "<code>eval-watchdog triage reply</code>" in page
    assert '<a href="https://example.org/runbook" rel="noreferrer noopener">Runbook</a>' in page
    assert '<meta http-equiv="refresh" content="30">' in page
    assert not re.search(r"<script|<link|<img|@import|url\(", page)
    nonce = re.search(r'<style nonce="([^"]+)">', page)[1]
    assert f"style-src 'nonce-{nonce}'" in answer.headers["content-security-policy"]
    assert watch["level"] == "drift"
    assert watch["metrics"] == ["reply/is-json/current"]
    assert watch["last_status"] == "finished"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", watch["next_look"])
    assert (alert["state"], alert["labels"]["alert_type"]) == ("firing", "model")
    assert alert["runbook"] == "https://example.org/runbook"


async def test_alerts_of_the_house_and_of_watches_that_were_taken_out_are_shown_and_lead_to_a_runbook(
    stepwise, store, fire
):
    fire()
    with store.begin() as session:
        [mine] = session.alerts.firing()
        for watch, name in (("", "DeliveryDead"), ("taken_out", "EvalDrift")):
            other = replace(mine, fingerprint=name, labels={**mine.labels, "alertname": name}, annotations={})
            step = Transition(alert=other, before=None, reason=Reason.HELD, at=time.time())
            session.alerts.save(watch, [step], [])
    async with House(stepwise, store, every=3600.0) as house:
        alerts = (await house.get("/api/alerts")).json()["alerts"]
        [watch] = (await house.get("/api/watches")).json()["watches"]
        page = (await house.get("/")).text
        for alert in alerts:
            assert (await house.get(f"/{alert['page']}")).status_code == 200, alert["page"]
    assert {(alert["watch"], alert["name"]) for alert in alerts} == {
        ("reply", "QualityDrop"),
        ("", "DeliveryDead"),
        ("taken_out", "EvalDrift"),
    }
    assert "eval-watchdog itself" in page
    assert watch["alerts"] == 1


async def test_a_metric_has_a_page_that_the_start_page_links_to(stepwise, store):
    key = MetricKey(watch="reply", scorer="is-json", arm=Arm.CURRENT)
    now = time.time()
    metric = MetricBaseline(
        key=key, case_means={"a": 0.9}, case_counts={"a": 9}, case_variances={"a": 0.1}, case_digests={"a": "d"},
        x=(0.0, 0.01), variances=(0.01, 0.01), level=0.9,
    )  # fmt: skip
    gone = replace(key, scorer="a scorer that was taken out")
    frozen = Baseline(
        id="b", watch="reply", version=1, status=BaselineStatus.LEARNING, frozen_at=now - 60, frozen_by="ann",
        reason="<b>first</b>", run_ids=(), instruments=Instruments(),
        metrics={key: metric, gone: replace(metric, key=gone)},
    )  # fmt: skip
    seen = Observation(key=key, run_id="", at=now, n=1, planned=1, level=0.8, x=-0.1, variance=0.01)
    run = stepwise.a_plan("reply", now)
    with store.begin() as session:
        session.runs.save(replace(run, status=RunStatus.FINISHED, finished_at=now))
        session.baselines.add(frozen)
        session.detection.save_observations([replace(seen, run_id=run.id)])
    plan = ScorerPlan(name="is-json", spec=CheckSpec(name="is-json"), better=Better.HIGHER, layer=Layer.BEHAVIORAL)
    watch = replace(stepwise.a_watch(every=3600.0), scorers=(plan,))
    async with House(stepwise, store, watch) as house:
        start_page = (await house.get("/")).text
        assert "taken out" not in start_page
        link = re.search(r'href="(metric[?][^"]*)"', start_page)[1].replace("&amp;", "&")
        answer = await house.get(f"/{link}")
        assert (await house.get("/metric?watch=reply&name=nothing")).status_code == 404
        assert (await house.get("/metric?watch=nobody&name=is-json")).status_code == 404
    assert answer.status_code == 200
    assert "<h1>is-json</h1>" in answer.text
    assert "&lt;b&gt;first&lt;/b&gt;" in answer.text
    assert "<svg" in answer.text
    assert "script" not in answer.headers["content-security-policy"]


async def test_a_watch_in_a_maintenance_window_says_so(stepwise, store):
    now = time.time()
    with store.begin() as session:
        for name, label, value in (("window", "watch", "reply"), ("narrow", "metric", "is-json")):
            session.silences.save([
                Silence(
                    id=name, kind=SilenceKind.MAINTENANCE, matchers=(Matcher(label, "=", value),), by="ann",
                    because="<b>index</b>", starts_at=now - 60, ends_at=now + 600,
                )
            ])  # fmt: skip
        part = (Matcher("watch", "=", "reply"), Matcher("metric", "!=", "is-json"))
        session.silences.save([replace(session.silences.get("window"), id="partly", matchers=part, ends_at=now + 900)])
    async with House(stepwise, store, every=3600.0) as house:
        page = (await house.get("/")).text
        [watch] = (await house.get("/api/watches")).json()["watches"]
        found = await house.metrics()
    assert watch["quiet"].startswith("in a maintenance window until ")
    assert page.count("by ann: &lt;b&gt;index&lt;/b&gt;") == 1
    assert found["eval_watchdog_silences_active", "maintenance window"] == 3
    assert found["eval_watchdog_silences_active", "silence"] == 0


async def test_a_runbook_is_served_with_the_watch_and_its_alert_filled_in(stepwise, store, fire):
    fire(summary="<script>alert(1)</script> | worse")
    watch = replace(stepwise.a_watch(every=3600.0), runbook="")
    async with House(stepwise, store, watch) as house:
        start_page = (await house.get("/")).text
        link = re.search(r'<p><a href="(runbooks/[^"]*)">Runbook</a></p>', start_page)[1]
        assert link == "runbooks/reply/README#unattributed"
        [alert] = (await house.get("/api/alerts")).json()["alerts"]
        answer = await house.get("/runbooks/reply/README.md")
        other = (await house.get("/runbooks/reply/provider-down")).text
        plain = (await house.get("/runbooks/provider-down")).text
        index = (await house.get("/runbooks/")).text
        for nothing in ("nobody/provider-down", "reply/nothing", "nothing", "..%2f..%2fREADME", "reply/..%2fREADME"):
            assert (await house.get(f"/runbooks/{nothing}")).status_code == 404, nothing
    assert alert["page"] == link
    assert "QualityDrop, page, firing since" in answer.text
    assert "<script" not in answer.text
    assert "script" not in answer.headers["content-security-policy"]
    assert "eval-watchdog scores reply --since 24h" in other
    assert "QualityDrop" not in other  # its cause is another one
    assert "eval-watchdog scores WATCH --since 24h" in plain
    assert 'href="provider-down.md"' in index


async def test_what_a_model_or_a_stranger_wrote_is_text_and_no_markup(stepwise, store, fire):
    fire(runbook_url="javascript:alert(1)", summary="<script>alert(1)</script>")
    watch = replace(stepwise.a_watch(every=3600.0), feature="<b>x</b>")
    async with House(stepwise, store, watch) as house:
        page = (await house.get("/")).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert 'href="javascript' not in page
    assert "<b>x</b>" not in page


async def test_a_watch_that_measures_nothing_is_blind_and_never_calm(stepwise, store, runs):
    now = time.time()
    with store.begin() as session:
        for back in range(1, 4):
            run = stepwise.a_plan("reply", now - 3600.0 * back)
            session.runs.save(replace(run, status=RunStatus.FINISHED, finished_at=now - 3600.0 * back))
            session.runs.save_tally(run.id, {}, 0)
    async with House(stepwise, store, every=7200.0) as house:
        [watch] = (await house.get("/api/watches")).json()["watches"]
        page = (await house.get("/")).text
    assert watch["level"] == "blind"
    assert "No alert fires. reply: blind." in page


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9464", 200),
        ("127.0.0.1", 200),
        ("[::1]:9464", 200),
        ("10.0.0.7:9464", 200),
        ("watchdog.internal", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("[", 421),
        ("", 421),
    ],
)
async def test_only_addresses_and_known_names_are_served(stepwise, store, host, status):
    house = House(stepwise, store, every=3600.0, hosts=["Watchdog.internal"])
    async with house:
        for path in ("/", "/api/alerts"):
            assert (await house.get(path, Host=host)).status_code == status


async def test_a_monitor_may_ask_under_any_name(stepwise, store):
    async with House(stepwise, store, every=3600.0) as house:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await house.get(path, Host="watchdog.monitoring.svc:8790")).status_code == 200


async def test_a_name_that_is_not_served_is_told_the_remedy(stepwise, store):
    async with House(stepwise, store, every=3600.0) as house:
        refusal = await house.get("/", Host="watchdog.example")
    assert refusal.status_code == 421
    assert "'names' of 'server' in watchdog.yaml" in refusal.text
    assert "watchdog.example" not in refusal.text  # nothing of a stranger's is repeated


async def test_nothing_but_reading_is_possible(stepwise, store):
    async with House(stepwise, store, every=3600.0) as house:
        for path in ("/", "/healthz", "/readyz", "/metrics", "/api/watches", "/api/alerts"):
            assert (await house.client.post(path)).status_code == 405
        assert (await house.get("/etc/passwd")).status_code == 404
        answer = await house.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
        assert answer.text.endswith("# EOF\n")
        assert answer.headers["cache-control"] == "no-store"


async def test_a_port_that_is_taken_is_said_before_anything_starts(stepwise, store):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        house = House(stepwise, store)
        server = WebServer(house.web, port=taken.getsockname()[1])
        with pytest.raises(UsageError, match=r"cannot listen on 127\.0\.0\.1:\d+: Address already in use"):
            await serve_until_signal(house.daemon, [server])
    assert house.look.made == 0


async def test_a_page_for_other_machines_is_warned_about(quiet_logs):
    server = WebServer(lambda *_: None, host="0.0.0.0", port=0)
    await server.start()
    await server.stop()
    assert "web-open" in [event["action"] for event in quiet_logs]


async def test_a_signal_stops_daemon_and_page_together_and_the_exit_code_is_0(stepwise, store, eventually):
    house = House(stepwise, store)
    serving = asyncio.create_task(serve_until_signal(house.daemon, [house.web]))
    await eventually(lambda: house.look.made)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(serving, 10.0) == 0
    assert [trouble.reason for trouble in house.daemon.late()] == ["stopped"]
