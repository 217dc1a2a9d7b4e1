"""Would the fallback hold? Asked by hand and by the daemon, while all is well and while the usual model is down."""

from __future__ import annotations

import json

import pytest

FALLBACK = "fallback: {{ provider: judges, model: {model}, prompt: golden_sets/support_reply/prompt.md }}"
SPARE = "sim-spare"


def verified(workspace, *options):
    """What ``provider verify`` says, and its exit code."""
    done = workspace.command("provider", "verify", "support_reply", "--json", *options)
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.returncode


@pytest.mark.parametrize(
    ("knobs", "verdict", "code"),
    [
        ({"quality": 0.93, "faults": {}}, "holds", 0),
        ({"quality": 0.1, "faults": {}}, "does not hold", 1),
        ({"quality": 0.93, "faults": {"401": 1.0}}, "does not hold", 1),
    ],
    ids=["a good spare model", "a bad one", "a key that was never tried"],
)
def test_a_fallback_is_verified_while_the_usual_model_is_down(workspace, simulator, knobs, verdict, code):
    workspace.write(more=FALLBACK.format(model=SPARE))
    simulator.control({"models": {SPARE: knobs, "sim-1-2026-08": {"faults": {"503": 1.0}}}})
    said, found = verified(workspace, "--drop", "0.15")
    assert (said["verdict"], found) == (verdict, code), said["reasons"]
    assert "are from look" in said["gate"]["control"] or code == 1  # nobody asked the model that is down


def test_a_watch_without_a_fallback_is_told_what_to_add(workspace):
    done = workspace.command("provider", "verify", "support_reply")
    assert done.returncode == 2
    assert "add 'fallback:'" in done.stderr
