from __future__ import annotations

from pathlib import Path

import pytest

from watchdog.correlate.words import RUNBOOKS
from watchdog.domain.alert import Cause

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_shipped_runbook(cause):
    page, _, section = RUNBOOKS[cause].partition("#")
    text = (ROOT / "docs" / "runbooks" / page).read_text(encoding="utf-8")
    assert not section or f"## {section}" in text.lower()
