"""``policy:`` of watchdog.yaml."""

from __future__ import annotations

from typing import Any

from watchdog.domain.alert import Severity
from watchdog.domain.policy import Policy
from watchdog.settings.shapes import HousePolicyShape, PolicyShape


def read_policy(shape: HousePolicyShape | None) -> tuple[Policy, dict[str, Policy]]:
    """The policy of the house, and those of the verticals that have one of their own."""
    if shape is None:
        return Policy(), {}
    house = _given(shape)
    verticals = {name: Policy(**{**house, **_given(own)}) for name, own in shape.verticals.items()}
    return Policy(**house), verticals


def _given(shape: PolicyShape) -> dict[str, Any]:
    """What is not given stays as it is in the house, or by default."""
    given = shape.model_dump(include=set(PolicyShape.model_fields), exclude_none=True)
    if "severity_floor" in given:
        given["severity_floor"] = Severity(given["severity_floor"])
    return given
