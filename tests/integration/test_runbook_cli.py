"""``runbook render`` and ``runbook lint``, what ``check`` says of runbooks, and where alerts link to."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from watchdog.app.join import join
from watchdog.cli import app
from watchdog.correlate.words import runbook_url
from watchdog.domain.alert import Alert, AlertState, Cause, Reason, Transition
from watchdog.domain.digest import digest
from watchdog.store.store import Store

TEAMS = """
version: 1
teams:
  ai-eng: { pagerduty: { routing_key_file: /k }, slack: { channel: "#ai-eng", api_url_file: /s } }
  crm: { pagerduty: { routing_key_file: /c }, email: crm@example.com }
owners: { infra: ai-eng, model: ai-eng, tool: ai-eng }
tools: [ { tool_name: "crm.*", team: crm } ]
mail: { smarthost: "mail.example.com:587", sender: a@example.com }
"""


@pytest.fixture
def workspace(tmp_path):
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    return tmp_path


@pytest.fixture
def ask(workspace):
    def asked(*arguments, code=0):
        done = CliRunner().invoke(app, [*arguments, "--config", str(workspace)])
        assert done.exit_code == code, done.output
        return done.output

    return asked


def fire(workspace, cause=Cause.PROVIDER_MODEL, **labels):
    labels = {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "watch": "support_reply", **labels}
    now = time.time() - 60
    firing = Alert(
        fingerprint=digest(labels),
        labels=labels,
        annotations={"summary": "worse | <b>`rm -rf`</b> @here"},
        state=AlertState.FIRING,
        starts_at=now,
        updated_at=now,
        fired_at=now,
        cause=cause,
    )
    store = Store(f"sqlite:///{workspace}/watchdog.db")
    store.prepare()
    with store.begin() as session:
        session.alerts.save("support_reply", [Transition(alert=firing, before=None, reason=Reason.HELD, at=now)], [])
    store.close()
    return firing


@pytest.mark.parametrize("by", ["alert", "watch"])
def test_the_runbook_of_an_alert_holds_its_id_its_watch_and_whom_to_wake(workspace, ask, by):
    (workspace / "teams.yaml").write_text(TEAMS)
    alert = fire(workspace)
    ask("alerts", "ack", alert.id, "--by", "ann")
    page = ask("runbook", "render", alert.id if by == "alert" else "support_reply")
    assert page.startswith("# EvalDrift: the provider changed the model\n")
    for said in (
        f"`eval-watchdog alerts ack {alert.id}`",
        "`eval-watchdog scores support_reply --since 24h`",
        "| whom to wake | ai-eng (PagerDuty, Slack #ai-eng) |",
        "| pinned target | main recorded-2026-11-21, prompt ",
        "| acknowledged | by ann, ",
        "| says | worse \\| \\<b\\>\\`rm -rf\\`\\</b\\> @\u200bhere |",
        "For this watch:\n\n- Not understood after 30 minutes",
    ):
        assert said in page
    assert "WATCH" not in page


def test_the_owner_of_a_tool_is_woken_for_its_alert(workspace, ask):
    (workspace / "teams.yaml").write_text(TEAMS)
    alert = fire(workspace, Cause.TOOL_FAILING, alert_type="tool", tool_name="crm_webhook")
    assert "| whom to wake | crm (PagerDuty, crm@\u200bexample.com) |" in ask("runbook", "render", alert.id)


def test_a_cause_can_be_asked_for_and_a_page_be_written(workspace, ask, tmp_path):
    told = json.loads(ask("runbook", "render", "support_reply", "--cause", "provider-down", "--json"))
    assert (told["page"], told["alert"]) == ("provider-down", None)
    fire(workspace)
    ask("runbook", "render", "support_reply", "--html", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text()
    assert ">EvalDrift: the provider changed the model</h1>" in page
    assert "<b>`rm" not in page
    assert "did you mean 'provider-down'" in ask("runbook", "render", "support_reply", "--cause", "provider", code=2)
    assert "no alert and no watch" in ask("runbook", "render", "nobody", code=2)


def test_without_an_alert_it_is_the_watch_s_own(ask):
    assert ask("runbook", "render", "support_reply").startswith("# support_reply got worse\n")


def test_lint_names_file_line_and_what_cannot_be_typed(workspace, ask):
    assert "runbooks can be followed" in ask("runbook", "lint")
    own = workspace / "runbooks" / "support_reply.md"
    own.write_text(
        own.read_text().replace("scores support_reply", "scores suport_reply").replace("## Escalate", "## X")
    )
    said = ask("runbook", "lint", code=1)
    assert "has no section '## Escalate'" in said
    assert "support_reply.md:8: `eval-watchdog scores suport_reply --since 24h`: there is no watch" in said
    assert "has no section '## Escalate'" in ask("check")
    assert "has no section '## Escalate'" in ask("check", "--strict", code=2)
    only_this = CliRunner().invoke(app, ["runbook", "lint", str(own), "--json"])
    assert [fault["line"] for fault in json.loads(only_this.output)[str(own)]] == [0]


def test_a_watch_that_may_page_needs_a_runbook_that_says_something(workspace, ask):
    own = workspace / "runbooks" / "support_reply.md"
    text = own.read_text()
    own.write_text(" \n")
    assert "support_reply.md: is empty" in ask("check", code=2)
    own.write_text(text)
    config = workspace / "watchdog.yaml"
    config.write_text(config.read_text().replace("    runbook: runbooks/support_reply.md\n", ""))
    assert "may page, and has no runbook to link" in ask("check", code=2)
    config.write_text(
        config.read_text().replace("version: 1\n", "version: 1\nrunbook_base_url: http://wd.example:8790/\n")
    )
    ask("check")
    config.write_text(config.read_text().replace("http://wd.example:8790/", "wd.example"))
    assert "is no address" in ask("check", code=2)


@pytest.mark.parametrize(
    ("runbook", "base", "url"),
    [
        ("", "", "docs/runbooks/provider-down.md"),
        ("", "http://wd", "http://wd/runbooks/support_reply/provider-down"),
        ("runbooks/support_reply.md", "", "runbooks/support_reply.md"),
        ("runbooks/support_reply.md", "http://wd", "http://wd/runbooks/support_reply/provider-down"),
        ("https://wiki/x", "http://wd", "https://wiki/x"),
    ],
)
def test_an_alert_links_to_what_can_be_opened(workspace, runbook, base, url):
    config = workspace / "watchdog.yaml"
    line = f"    runbook: {runbook}\n" if runbook else ""
    text = config.read_text().replace("    runbook: runbooks/support_reply.md\n", line)
    config.write_text(
        text.replace("version: 1\n", f"version: 1\nrunbook_base_url: {base}\n" if base else "version: 1\n")
    )
    watch = join(config, {}).checked().watches["support_reply"]
    assert runbook_url(watch, "provider-down.md") == url


def test_a_link_that_leads_nowhere_is_named_with_its_line(workspace, ask):
    own = workspace / "runbooks" / "support_reply.md"
    (own.parent / "other.md").write_text("x")
    links = "[a](other.md#b) [b](provider-down.md) [c](https://x.example) [d](#act) [e](gone.md)"
    own.write_text(own.read_text() + f"\nSee {links}\n")
    said = ask("runbook", "lint", code=1)
    assert "the link to gone.md leads nowhere" in said
    assert said.count("leads nowhere") == 1


def test_addresses_are_asked_when_one_wants_to_know(workspace, ask):
    class Wiki(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response({"/there": 200, "/login": 403}.get(self.path, 404))
            self.end_headers()

        def log_message(self, *_):
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Wiki)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    wiki = f"http://127.0.0.1:{server.server_port}"
    config = workspace / "watchdog.yaml"
    own = workspace / "runbooks" / "support_reply.md"
    try:
        own.write_text(own.read_text() + f"\n[a]({wiki}/there) [b]({wiki}/login)\n")
        ask("runbook", "lint", "--online")
        config.write_text(config.read_text().replace("runbook: runbooks/support_reply.md", f"runbook: {wiki}/gone"))
        ask("runbook", "lint")
        assert f"watchdog.yaml, watch support_reply: {wiki}/gone answers 404" in ask(
            "runbook", "lint", "--online", code=1
        )
    finally:
        server.shutdown()
        server.server_close()
    assert "cannot be reached" in ask("runbook", "lint", "--online", code=1)
