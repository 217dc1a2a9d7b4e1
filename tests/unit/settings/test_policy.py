from __future__ import annotations

import pytest

from watchdog.domain.alert import Severity
from watchdog.domain.policy import Policy

WATCHES = """\
watches:
  reply:
    cases: { golden: golden_sets/reply }
    current: { provider: local, model: m }
    scorers: [answered]
"""
OTHER = """\
  search:
    cases: { golden: golden_sets/search }
    current: { provider: local, model: m }
    scorers: [answered]
"""


def test_a_house_without_a_policy_has_the_default_one(folder):
    assert folder.settings().watches["reply"].policy == Policy()


def test_a_policy_is_that_of_the_house_and_its_vertical_changes_single_keys(folder):
    policy = """
    policy:
      urgent_drop: 0.1
      hold: 10m
      verticals:
        shop: { severity_floor: page, hold: 0s, latency_slo: 2s }
    """
    found = folder.settings(policy).watches["reply"].policy
    assert found == Policy(urgent_drop=0.1, severity_floor=Severity.PAGE, latency_slo=2.0)
    elsewhere = WATCHES + "    owner: { team: ai, vertical: bank }\n" + OTHER
    found = folder.settings(policy, elsewhere).watches
    assert found["reply"].policy == Policy(urgent_drop=0.1, hold=600.0)
    assert found["search"].policy.severity_floor is Severity.PAGE


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("urgent_drop: 5", "policy.urgent_drop"),
        ("worse_by: 1", "policy.worse_by"),
        ("hold: soon", "policy.hold"),
        ("severity_floor: sev1", "policy.severity_floor"),
        ("urgent: 0.1", "unknown key 'urgent'"),
        ("verticals: { shop: { cost_page: 0.5 } }", "policy.verticals.shop.cost_page"),
        ("verticals: { shpo: { hold: 1m } }", "no watch is in this vertical (did you mean 'shop'?)"),
    ],
)
def test_a_slip_in_a_policy_is_told(folder, policy, told):
    problems = folder.problems(f"policy:\n  {policy}\n")
    assert len(problems) == 1
    assert told in problems[0]
