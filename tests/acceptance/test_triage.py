"""Fifteen staged situations and five more, the real command, 200 ms a call: right domain, owner and next command."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.acceptance.triage_stage import (
    AGENT,
    JUDGE,
    PHRASE,
    PINNED,
    REPLY,
    SERVED,
    UPDATED,
    Stage,
)

pytestmark = pytest.mark.statistical  # a minute of good looks, then some seconds for each situation
AGENT_SERVED, AGENT_UPDATED = "agent-1-2026-09", "agent-1-2026-11"
SIMULATED = (SERVED, PINNED)


@dataclass(frozen=True)
class Situation:
    """What happens, and what triage must say of it."""

    name: str
    watch: str
    happens: Callable[[Stage], None]
    diagnosis: str
    owner: str
    act: str
    command: str
    domain: str
    also: frozenset[str] = frozenset()


def turned(*models, **knobs):
    """Some models behave otherwise from now on."""
    return lambda stage: stage.provider.control({"models": dict.fromkeys(models, knobs)})


def updated(stage):
    stage.provider.control({"aliases": {"sim-1": UPDATED}})


def slipped(stage):
    """Somebody edits the prompt, and takes too much out of it."""
    stage.provider.control({"models": {"*": {"needs": {PHRASE: 0.2}}}})
    prompt = stage.folder / "prompts" / "current.md"
    prompt.write_text(prompt.read_text(encoding="utf-8").replace(PHRASE, "Answer kindly"), encoding="utf-8")


def slipped_and_slow(stage):
    slipped(stage)
    turned(*SIMULATED, latency=0.9)(stage)


def mixed(stage):
    """Since an hour everybody asks about bills, with which the model has always been bad."""
    stage.traffic(lambda tags: "billing" in tags, at=time.time() - 3600.0, count=40, segment="business")


def emptied(stage):
    (stage.folder / "watchdog.db").unlink()


def forked(stage):
    """Pinned and current use one prompt file, as young workspaces do, and it slips: the control arm is no control."""
    path = stage.folder / "watchdog.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("prompts/pinned.md", "prompts/current.md"), encoding="utf-8"
    )
    slipped(stage)


FAILOVER = "eval-watchdog model failover reply --by"
SITUATIONS = [
    Situation("provider down", REPLY, turned(*SIMULATED, faults={"503": 1.0}),
              "the provider is failing", "platform", "fail over", FAILOVER, "model provider"),
    Situation("429 storm", REPLY, turned(*SIMULATED, faults={"429": 0.9}),
              "the provider answers 429: too many requests", "platform", "fail over", FAILOVER, "model provider"),
    Situation("key revoked", REPLY, turned(*SIMULATED, faults={"401": 1.0}),
              "the provider refuses our key", "platform", "escalate", "eval-watchdog run reply", "model provider"),
    Situation("silent model update", REPLY, updated,
              "the provider changed the model", "AI engineering", "pin", "eval-watchdog model pin reply --by",
              "prompt or model"),
    Situation("prompt slip", REPLY, slipped,
              "our prompt or parameters changed", "AI engineering", "roll back",
              "eval-watchdog model rollback reply --by", "prompt or model"),
    Situation("judge moved", REPLY, turned(JUDGE, judge_shift=-1.2),
              "the judge moved", "AI engineering", "repair the evaluation", "eval-watchdog baseline compare reply",
              "our own evaluation"),
    Situation("stale retrieval", AGENT, turned("*", recall=0.4),
              "retrieval no longer finds the right documents", "platform", "escalate", "eval-watchdog triage agent",
              "infrastructure or retrieval"),
    Situation("context twice as long", AGENT, turned("*", context=12.0),
              "the context became longer", "platform", "escalate", "eval-watchdog triage agent",
              "infrastructure or retrieval"),
    Situation("slow provider", REPLY, turned(*SIMULATED, latency=0.9),
              "answers take longer although quality holds", "platform", "fail over", FAILOVER,
              "infrastructure or retrieval"),
    Situation("tool failing", AGENT, turned("*", tool_failures={"crm_lookup": 0.6}),
              "a tool is failing", "integration owner of crm_lookup (crm)", "escalate", "eval-watchdog triage agent",
              "tool"),
    Situation("traffic mix shift", REPLY, mixed,
              "production inputs changed: coverage gap or input drift", "AI engineering", "escalate",
              "eval-watchdog scores reply --since 24h --by segment", "prompt or model"),
    Situation("pinned model retired", REPLY, turned(PINNED, faults={"404": 1.0}),
              "the pinned snapshot moved or was retired", "AI engineering", "repair the evaluation",
              "eval-watchdog model pin reply --role pinned", "our own evaluation"),
    Situation("two at once", REPLY, slipped_and_slow,
              "our prompt or parameters changed", "AI engineering", "roll back",
              "eval-watchdog model rollback reply --by", "prompt or model",
              frozenset({"answers take longer although quality holds"})),
    Situation("nothing wrong", REPLY, lambda _stage: None,
              "nothing wrong is to be found", "AI engineering", "nothing", "eval-watchdog scores reply", "nothing"),
    Situation("no data", REPLY, emptied,
              "too little could be measured", "AI engineering", "measure", "eval-watchdog run reply", "cannot tell"),
    # Beyond the fifteen: what is easily told wrongly.
    Situation("provider stumbles", REPLY, turned(*SIMULATED, faults={"503": 0.35}),
              "the provider is failing", "platform", "fail over", FAILOVER, "model provider"),
    Situation("provider hangs", REPLY, turned(*SIMULATED, faults={"hang": 1.0}),
              "the provider is failing", "platform", "fail over", FAILOVER, "model provider"),
    Situation("judge's key revoked", REPLY, turned(JUDGE, faults={"401": 1.0}),
              "too little could be measured", "AI engineering", "measure", "eval-watchdog run reply", "cannot tell"),
    Situation("one prompt file for both arms slips", REPLY, forked,
              "our prompt or parameters changed", "AI engineering", "roll back",
              "eval-watchdog model rollback reply --by", "prompt or model"),
    Situation("everything fell, pinned too", REPLY, turned("*", quality=0.3),
              "shared by current and pinned: provider fleet, retrieval or our own harness", "AI engineering",
              "escalate", "eval-watchdog scores reply", "cannot tell"),
]  # fmt: skip


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """The stage after good looks."""
    stage = Stage.build(tmp_path_factory.mktemp("stage"))
    try:
        asyncio.run(stage.looks())
        yield stage
    finally:
        stage.provider.close()


@pytest.fixture
def stage(calm, tmp_path):
    """A copy of it, and the provider as on a good day."""
    calm.provider.calm()
    yield calm.copy(tmp_path)
    calm.provider.calm()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_a_staged_situation_is_told_by_its_domain_owner_and_next_command(stage, situation, record_property):
    situation.happens(stage)
    code, screen, report, seconds = stage.triage(situation.watch)
    first = report["findings"][0]
    record_property("seconds", seconds)
    said = (first["diagnosis"], first["domain"], first["act"])
    assert said == (situation.diagnosis, situation.domain, situation.act), report
    owner = first["owner"]
    assert situation.owner.startswith(owner["kind"])
    if owner["tool_name"]:
        assert (owner["tool_name"], owner["team"]) == ("crm_lookup", "crm")
    assert first["command"].startswith(situation.command)
    assert situation.also <= {finding["diagnosis"] for finding in report["findings"][1:]}
    assert code == {"nothing": 0, "cannot tell": 3}.get(situation.domain, 1)
    assert len(screen) <= 24, "\n".join(screen)
    assert f"  $ {first['command']}" in screen
    record_property("screen", "\n".join(screen))
    assert seconds < 60
    assert report["calls"] <= 400
