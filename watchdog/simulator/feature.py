"""The demo's feature: forty messages to the support of a maker of lamps, with good and bad answers to each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from watchdog.domain.case import Case, CheckSpec, GoldenSet
from watchdog.domain.digest import digest

#: A golden set folder like any other: set.yaml, cases.jsonl, prompt.md and schema.json.
SUPPORT_REPLY = Path(__file__).with_name("support_reply")


def support_reply() -> GoldenSet:
    """The cases as the simulator needs them."""
    with (SUPPORT_REPLY / "cases.jsonl").open(encoding="utf-8") as lines:
        cases = tuple(_case(json.loads(line)) for line in lines)
    return GoldenSet(name="support_reply", version="1", cases=cases, digest=digest([case.digest for case in cases]))


def _case(row: dict[str, Any]) -> Case:
    checks = tuple(CheckSpec(name=name, arguments=given) for check in row["checks"] for name, given in check.items())
    return Case(
        id=row["id"],
        variables={"input": row["input"]},
        expected=row["expected"],
        checks=checks,
        tags=tuple(row["tags"]),
        metadata=row["metadata"],
        digest=digest([row["input"], row["expected"], row["checks"]]),
    )
