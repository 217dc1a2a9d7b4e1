from __future__ import annotations

import pytest

from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.drill import DrillKind
from watchdog.drill.kinds import RAMP_LOOKS, SCRIPTS


def an_alert(**labels):
    return Alert(fingerprint="f", labels=labels, annotations={}, state=AlertState.FIRING, starts_at=1.0, updated_at=1.0)


DRIFT = an_alert(alertname="EvalDrift", alert_type="model")
DOWN = an_alert(alertname="ProviderDown", alert_type="infra")
BLIND = an_alert(alertname="EvalBlind", alert_type="infra")
JUDGE = an_alert(alertname="JudgeDrift", alert_type="model")


def test_every_kind_has_a_script():
    assert set(SCRIPTS) == set(DrillKind)


@pytest.mark.parametrize(
    ("kind", "follows"),
    [
        (DrillKind.PROVIDER_DOWN, DOWN),
        (DrillKind.ALERTMANAGER_DOWN, DOWN),
        (DrillKind.JUDGE_DOWN, BLIND),
        (DrillKind.QUALITY_DROP, DRIFT),
        (DrillKind.SILENT_MODEL_UPDATE, DRIFT),
        (DrillKind.SLOW_RAMP, DRIFT),
    ],
)
def test_only_the_alert_that_tells_of_it_counts(kind, follows):
    expected = SCRIPTS[kind].expected
    assert [alert for alert in (DRIFT, DOWN, BLIND, JUDGE) if expected(alert)] == [follows]


def test_the_ramp_grows_to_its_full_size_and_no_further():
    world = SCRIPTS[DrillKind.SLOW_RAMP].world
    bad = [world(look, 0.3).bad for look in range(1, 2 * RAMP_LOOKS)]
    assert bad == sorted(bad)
    assert 0 < bad[0] < 0.05
    assert bad[RAMP_LOOKS - 1] == bad[-1] == 0.3


def test_a_provider_that_is_down_takes_no_answers_quality_with_it():
    assert SCRIPTS[DrillKind.PROVIDER_DOWN].world(1, 0.3).bad == 0.0
    assert not SCRIPTS[DrillKind.JUDGE_DOWN].world(1, 0.3).provider_down
