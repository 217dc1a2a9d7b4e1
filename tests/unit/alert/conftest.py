from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from watchdog.domain.alert import Alert, AlertState, Cause, Condition, ConditionStatus

NOW = 1_790_000_000.0
LABELS = {
    "alertname": "EvalDrift",
    "alert_type": "model",
    "severity": "page",
    "watch": "support",
    "metric": "is-json",
    "provider": "openai",
    "model": "gpt-x",
}


def condition_of(
    status: ConditionStatus = ConditionStatus.ACTIVE, labels: Mapping[str, str] | None = None, **more: Any
) -> Condition:
    values: dict[str, Any] = {
        "labels": {**LABELS, **(labels or {})},
        "status": status,
        "cause": Cause.PROVIDER_MODEL,
        "annotations": {"summary": "worse"} if status is ConditionStatus.ACTIVE else {"recovery": "fine again"},
    }
    return Condition(**{**values, **more})


def alert_of(state: AlertState = AlertState.FIRING, labels: Mapping[str, str] | None = None, **more: Any) -> Alert:
    condition = condition_of(labels=labels)
    values: dict[str, Any] = {
        "fingerprint": condition.fingerprint,
        "labels": condition.labels,
        "annotations": {"summary": "worse"},
        "state": state,
        "starts_at": NOW - 3600,
        "updated_at": NOW - 1800,
        "fired_at": NOW - 3600 if state is AlertState.FIRING else None,
        "active_looks": 1,
        "cause": Cause.PROVIDER_MODEL,
    }
    return Alert(**{**values, **more})


class House:
    """What the tests of this folder build with."""

    NOW = NOW
    LABELS = LABELS
    condition = staticmethod(condition_of)
    alert = staticmethod(alert_of)


@pytest.fixture(scope="session")
def house() -> type[House]:
    return House
