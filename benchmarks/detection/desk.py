"""A simulated watch on the real desk: detectors, anchors, correlation and alerts, as `pipeline.decide` has them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from benchmarks.detection.streams import Arm
from benchmarks.detection.watching import baseline, observation
from watchdog.alert.stage import reconcile
from watchdog.correlate.situation import Judge, ProviderHealth, Reference, Situation
from watchdog.correlate.stage import correlate
from watchdog.detect.admission import admit
from watchdog.detect.anchors import NEWEST, settle
from watchdog.detect.psr import DetectorState, PsrDetector
from watchdog.domain import metric as house
from watchdog.domain.alert import Alert, AlertState, Cause
from watchdog.domain.baseline import Baseline, BaselineStatus, Instruments
from watchdog.domain.case import CheckSpec, GoldenSet
from watchdog.domain.detection import Signal
from watchdog.domain.metric import Admission, Better, Layer, MetricKey, Observation
from watchdog.domain.run import Change
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import AnchorCadence, Owner, Schedule, ScorerPlan, Watch
from watchdog.pipeline.anchors import STANDS_FOR, WANTED, due

HOUR = 3600.0


class Page(NamedTuple):
    """An alert that left the house."""

    watch: str
    metric: str
    look: int
    name: str
    severity: str
    cause: Cause
    #: What the detector said was its reason.
    evidence: str


class Desk:
    """One watch with its series; every series begins with the runs of the baseline."""

    def __init__(
        self,
        watch: Watch,
        series: Mapping[MetricKey, tuple[Arm, int]],
        *,
        runs: int,
        mean_runs: Callable[[MetricKey], float],
        cadence: AnchorCadence = AnchorCadence.DAILY,
        seed: int = 0,
    ) -> None:
        self.watch, self._series, self._runs, self._cadence = watch, series, runs, cadence
        self._judged = [key.scorer for key in series if key.arm is house.Arm.ANCHORS]
        self._ties = random.Random(seed)
        metrics = {key: baseline(arm, stream, runs, key) for key, (arm, stream) in series.items()}
        self._reference = Baseline(
            id="bench",
            watch=watch.name,
            version=1,
            status=BaselineStatus.LOCKED,
            frozen_at=0.0,
            frozen_by="bench",
            reason="bench",
            run_ids=(),
            instruments=Instruments(),
            metrics=metrics,
        )
        self._tests = {
            key: PsrDetector(mean_runs_to_false_alarm=mean_runs(key), smallest_drop=watch.smallest_drop_of(key.scorer))
            for key in series
        }
        self._states: dict[MetricKey, DetectorState] = {
            key: test.start(metrics[key]) for key, test in self._tests.items()
        }
        self._open: list[Alert] = []
        self._blind = 0
        self._last: list[Signal] = []
        self._anchored: dict[MetricKey, list[Observation]] = {}
        self._standing: dict[MetricKey, Signal] = {}

    def look(self, look: int, changes: Sequence[Change] = ()) -> list[Page]:
        """What leaves the house after one look, the first being 0."""
        at = look * HOUR
        situation = self.situation(look, changes)
        transitions = reconcile(correlate(situation), self._open, at)
        self._open = [each.alert for each in transitions if each.alert.state is not AlertState.RESOLVED]
        return [
            Page(
                self.watch.name,
                each.alert.labels.get("metric", ""),
                look,
                each.alert.labels["alertname"],
                each.alert.labels["severity"],
                each.alert.cause,
                each.alert.annotations.get("evidence", ""),
            )
            for each in transitions
            if each.notifies and each.alert.state is AlertState.FIRING
        ]

    def situation(self, look: int, changes: Sequence[Change] = (), health: Sequence[ProviderHealth] = ()) -> Situation:
        """What is known after one look, the first being 0."""
        at = look * HOUR
        signals, missing, partly = self._measure(look, at)
        signals = settle(signals, self._reference, self._anchored, smallest_drop=self.watch.smallest_drop_of)
        heard = {signal.key for signal in signals}
        standing = {
            key: signal for key, signal in self._standing.items() if key not in heard and at - signal.at <= STANDS_FOR
        }
        self._standing |= {signal.key: signal for signal in signals if signal.key.arm is house.Arm.ANCHORS}
        self._last = [*signals, *standing.values()]
        seen = any(key.arm is house.Arm.CURRENT for key in heard)
        self._blind = 0 if seen else self._blind + 1
        return Situation(
            watch=self.watch,
            at=at,
            signals=signals,
            standing=standing,
            not_observed=missing,
            partly=partly,
            changes=changes,
            blind_looks=self._blind,
            baseline=Reference(version=1, status=BaselineStatus.LOCKED),
            health=health,
            judges={name: Judge(provider="judges", model="judge") for name in self._judged},
        )

    def _measure(self, look: int, at: float) -> tuple[list[Signal], dict[MetricKey, str], set[MetricKey]]:
        signals: list[Signal] = []
        missing: dict[MetricKey, str] = {}
        partly, run = set(), self._runs + look
        for key, (arm, stream) in self._series.items():
            if key.arm is house.Arm.ANCHORS and not self._due(key, at):
                continue
            planned = int(arm.n[:, stream].max())
            verdict = admit(scored=int(arm.n[run, stream]), planned=planned, errors=0, floor=self.watch.floor)
            if verdict.admission is not Admission.ADMITTED:
                missing[key] = verdict.reason
                partly |= {key} if verdict.admission is Admission.PARTIAL else set()
                continue
            seen = observation(arm, stream, run, self._ties.random(), key, at)
            if key.arm is house.Arm.ANCHORS:
                self._anchored[key] = [*self._anchored.get(key, [])[-NEWEST:], seen]
            self._states[key], signal = self._tests[key].update(self._states[key], seen)
            signals.append(signal)
        return signals, missing, partly

    def _due(self, key: MetricKey, at: float) -> bool:
        graded = [seen.at for seen in self._anchored.get(key, [])] or [-HOUR]
        graded = [*[-HOUR] * (WANTED - len(graded)), *graded]  # the baseline's looks graded them
        return due(
            self._cadence,
            key.scorer,
            now=at,
            graded_at=graded,
            signals=self._last,
            smallest_drop=self.watch.smallest_drop_of(key.scorer),
        ).graded


def watch_of(name: str, scorers: Sequence[str], smallest_drop: float = 0.03) -> Watch:
    """A watch with a pinned and a current target, looked at every hour."""
    targets = {
        role: Target(role=role, provider="models", model=f"model-{role}") for role in (Role.CURRENT, Role.PINNED)
    }
    plans = tuple(
        ScorerPlan(name=scorer, spec=CheckSpec(name=scorer), better=Better.HIGHER, layer=Layer.QUALITY)
        for scorer in scorers
    )
    return Watch(
        name=name,
        feature=name,
        owner=Owner(team="bench"),
        targets=targets,
        scorers=plans,
        golden=GoldenSet(name=name, version="1", cases=(), digest=""),
        schedule=Schedule(every=HOUR),
        smallest_drop=smallest_drop,
    )
