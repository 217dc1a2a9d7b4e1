"""A rule of Prometheus and the proof that it fires when it should and not otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from watchdog.generate.names import duration

_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_VALUE = re.compile(r"\{\{ \$value[^}]*\}\}")
#: Seconds between two samples in the unit tests, and between two evaluations: each is of every rule in every test.
STEP = 60.0
EVALUATED = 3600.0


class Rule(Struct, frozen=True, kw_only=True):
    """One alerting rule."""

    name: str
    expression: str
    #: Seconds that it must hold.
    hold: float
    #: Every label that the expression's own do not give; alert_type and severity among them.
    labels: Mapping[str, str]
    #: May hold ``{{ $labels.x }}`` and one ``{{ $value | ... }}``.
    summary: str
    description: str
    runbook: str

    def written(self) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expression,
            **({"for": duration(self.hold)} if self.hold else {}),
            "labels": dict(self.labels),
            "annotations": self.notes,
        }

    @property
    def notes(self) -> dict[str, str]:
        """Its annotations."""
        return {"summary": self.summary, "description": self.description, "runbook_url": self.runbook}

    def alert(self, value: str, **labels: str) -> dict[str, Any]:
        """What promtool should see of it: ``labels`` of the series, and the value as its text shows it."""
        known = {**labels, **self.labels}
        return {
            "exp_labels": known,
            "exp_annotations": {name: _rendered(text, known, value) for name, text in self.notes.items()},
        }


class Proof(Struct, frozen=True, kw_only=True):
    """Series, and the alerts of one name that they must raise at a moment; none, when they must not."""

    name: str
    alertname: str
    #: Series and values as promtool reads them.
    series: Sequence[tuple[str, str]]
    #: Seconds after the start.
    at: float
    alerts: Sequence[Mapping[str, Any]] = ()
    #: Seconds between two samples.
    interval: float = STEP

    def written(self) -> dict[str, Any]:
        """The test as promtool reads it."""
        return {
            "name": self.name,
            "interval": duration(self.interval),
            "input_series": [{"series": series, "values": values} for series, values in self.series],
            "alert_rule_test": [
                {"eval_time": duration(self.at), "alertname": self.alertname, "exp_alerts": list(self.alerts)}
            ],
        }


class Ruled(Struct, frozen=True, kw_only=True):
    """Rules of one group with their proofs, and what could not be ruled."""

    rules: Sequence[Rule] = ()
    proofs: Sequence[Proof] = ()
    #: Sentences about rules that are left out.
    remarks: Sequence[str] = field(default=())


def joined(parts: Sequence[Ruled]) -> Ruled:
    """Several as one."""
    return Ruled(
        rules=[rule for part in parts for rule in part.rules],
        proofs=[proof for part in parts for proof in part.proofs],
        remarks=[remark for part in parts for remark in part.remarks],
    )


def quoted(text: str) -> str:
    """A text of PromQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _rendered(text: str, labels: Mapping[str, str], value: str) -> str:
    return _VALUE.sub(lambda _: value, _LABEL.sub(lambda found: labels.get(found[1], ""), text))
