"""The generated configuration under the real amtool, and held against a real Alertmanager."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from watchdog.cli import app

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "teams.yaml"
AMTOOL = shutil.which("amtool")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

pytestmark = [
    pytest.mark.alertmanager,
    pytest.mark.skipif(AMTOOL is None or ALERTMANAGER is None, reason="Alertmanager and amtool are not installed"),
]


@pytest.fixture
def generated(tmp_path):
    """The configuration and the table beside it, as the command writes them."""
    file = tmp_path / "alertmanager.yml"
    result = CliRunner().invoke(app, ["alertmanager", "config", "--teams", str(EXAMPLE), "--out", str(file)])
    assert result.exit_code == 0, result.output
    return file, file.with_suffix(".routes.tsv")


def amtool(*arguments):
    return subprocess.run([AMTOOL, *arguments], capture_output=True, text=True, timeout=60, check=False)


def routed(config, receivers, labels):
    """Whether amtool finds exactly these receivers for labels ``a=b c=d``."""
    test = ["config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receivers}"]
    return amtool(*test, *labels.split()).returncode == 0


def test_amtool_finds_nothing_wrong(generated):
    checked = amtool("check-config", str(generated[0]))
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_every_row_of_the_table_goes_where_it_should(generated):
    config, table = generated
    rows = [line.split("\t") for line in table.read_text().splitlines() if not line.startswith("#")]
    assert len(rows) >= 40
    results = [await asyncio.to_thread(routed, config, *row) for row in rows]
    assert [row for row, fine in zip(rows, results, strict=True) if not fine] == []


def test_a_wrong_row_is_noticed(generated):
    assert not routed(generated[0], "page-crm", "alert_type=model severity=page")


@pytest.fixture
def server(generated, tmp_path):
    """Address of an Alertmanager that runs the generated configuration."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = [f"--storage.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    process = subprocess.Popen(
        [ALERTMANAGER, f"--config.file={generated[0]}", *options, "--cluster.listen-address="],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            try:
                if httpx2.get(f"{url}/-/ready", timeout=1.0).status_code == 200:
                    break
            except httpx2.HTTPError:
                pass
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def test_diff_is_empty_against_a_server_that_runs_it_and_names_what_is_not(server, tmp_path):
    def diff(file):
        return CliRunner().invoke(app, ["alertmanager", "diff", server, "--teams", str(file)])

    same = diff(EXAMPLE)
    assert (same.exit_code, same.output) == (0, f"{server} means the same as {EXAMPLE}\n")
    changed = tmp_path / "teams.yaml"
    changed.write_text(EXAMPLE.read_text().replace("every: 1h", "every: 2h").replace("email: crm@", "email: crew@"))
    other = diff(changed)
    assert other.exit_code == 1
    fields = [line.partition(":")[0] for line in other.output.splitlines()]
    assert fields == [
        "route.routes[4].group_wait",
        "route.routes[4].group_interval",
        "receivers.ticket-crm.email_configs[0].to",
    ]


def test_diff_against_nothing_is_one_sentence():
    result = CliRunner().invoke(app, ["alertmanager", "diff", "http://127.0.0.1:9", "--teams", str(EXAMPLE)])
    assert result.exit_code == 1
    assert "does not answer" in result.output


def test_inhibitions_mute_what_is_explained_and_nothing_else(server):
    drift = {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "vertical": "sales"}
    judged = {"watch": "chat", "metric": "helpful", "feature": "chat"}
    alerts = {
        "down": {"alertname": "ProviderDown", "alert_type": "infra", "severity": "page", "vertical": "sales",
                 "feature": "reply", "provider": "openai"},
        "same provider and feature": {**drift, "feature": "reply", "provider": "openai"},
        "other feature": {**drift, "feature": "search", "provider": "openai"},
        "other provider": {**drift, "feature": "reply", "provider": "anthropic"},
        "no provider": {**drift, "feature": "reply"},
        "drill": {**drift, "feature": "reply", "provider": "openai", "drill": "true"},
        "judge": {**drift, "alertname": "JudgeDrift", "severity": "ticket", **judged},
        "page kept although the judge moved": {**drift, **judged},
        "burn of the judge": {**drift, **judged, "alertname": "QualityBudgetBurn", "window": "fast"},
        "burn of a check": {**drift, **judged, "alertname": "QualityBudgetBurn", "metric": "is-json"},
        "page of a check": {**drift, **judged, "metric": "is-json"},
        "ticket beside its page": {**drift, **judged, "metric": "is-json", "severity": "ticket"},
    }  # fmt: skip
    posted = [{"labels": {**labels, "which": name}} for name, labels in alerts.items()]
    httpx2.post(f"{server}/api/v2/alerts", json=posted, timeout=5.0).raise_for_status()
    for _ in range(50):
        told = httpx2.get(f"{server}/api/v2/alerts", timeout=5.0).json()
        muted = {alert["labels"]["which"] for alert in told if alert["status"]["inhibitedBy"]}
        if len(told) == len(alerts) and len(muted) >= 3:
            break
        time.sleep(0.1)
    assert muted == {"same provider and feature", "burn of the judge", "ticket beside its page"}


def test_an_incident_is_one_group_whatever_its_features_and_severities_and_rules_stay_by_feature(server):
    drift = {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "vertical": "any", "team": "ai-eng"}
    alerts = {
        "one": {**drift, "feature": "reply", "incident": "i1"},
        "two": {**drift, "feature": "search", "incident": "i1"},
        "worse": {**drift, "feature": "search", "severity": "sev1", "worse": "1", "incident": "i1"},
        "another": {**drift, "feature": "reply", "incident": "i2"},
        "rule": {**drift, "feature": "reply", "alertname": "QualityBudgetBurn"},
        "rule of another": {**drift, "feature": "search", "alertname": "QualityBudgetBurn"},
    }
    posted = [{"labels": {**labels, "which": name}} for name, labels in alerts.items()]
    httpx2.post(f"{server}/api/v2/alerts", json=posted, timeout=5.0).raise_for_status()
    for _ in range(100):
        groups = httpx2.get(f"{server}/api/v2/alerts/groups", timeout=5.0).json()
        pages = [
            {alert["labels"]["which"] for alert in group["alerts"]}
            for group in groups
            if group["receiver"]["name"] == "page-ai-eng"
        ]
        if sum(map(len, pages)) == len(alerts):
            break
        time.sleep(0.1)
    assert sorted(map(sorted, pages)) == [["another"], ["one", "two", "worse"], ["rule"], ["rule of another"]]
