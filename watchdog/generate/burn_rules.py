"""The burn rate of a quality SLO, in several windows.

Burn rates are those of the Site Reliability Workbook, chapter 5, table 5-8: 14.4x over 1 h and 5 min, 6x over 6 h and
30 min, 1x over 3 d and 6 h. A watch that looks seldom has nothing in a window of 5 minutes, so no window is shorter
than two and a half intervals between looks, and no long one shorter than two short ones.
"""

from __future__ import annotations

import math

from msgspec import Struct

from watchdog.generate.names import duration
from watchdog.generate.rule import EVALUATED, STEP, Proof, Rule, Ruled, quoted
from watchdog.generate.watch_rules import WatchRules

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
#: Answers in a long window without which it says nothing.
LEAST_ANSWERS = 50


class Window(Struct, frozen=True):
    """One pair of stretches of a burn rate; seconds."""

    name: str
    factor: float
    long: float
    short: float
    hold: float
    severity: str


WINDOWS = (
    Window("fast", 14.4, _HOUR, 5 * _MINUTE, 2 * _MINUTE, "page"),
    Window("steady", 6.0, 6 * _HOUR, 30 * _MINUTE, 15 * _MINUTE, "page"),
    Window("slow", 1.0, 3 * _DAY, 6 * _HOUR, _HOUR, "ticket"),
)


class BurnRules:
    """The burn-rate rules of one watch."""

    def __init__(self, of: WatchRules) -> None:
        self.of = of

    def ruled(self) -> Ruled:
        """The share of bad answers uses up the SLO's budget too fast."""
        metrics = [plan.name for plan in self.of.watch.scorers if plan.pages]
        if self.of.good is None or not metrics:
            why = (
                "teams.yaml promises no slo.good_answers for it" if self.of.good is None else "no scorer of it may page"
            )
            return Ruled(remarks=[f"{self.of.watch.name}: no burn-rate rules, because {why}"])
        budget = round(1.0 - self.of.good, 9)
        fitting = [window for window in WINDOWS if window.factor * budget < 1]
        left_out = [
            f"{self.of.watch.name}: no {each.name} burn-rate rule, because with a budget of {budget:.3g} even "
            f"all answers bad is less than {each.factor:g}x"
            for each in WINDOWS
            if each not in fitting
        ]
        rules = {window.name: self._burn(window, budget, metrics) for window in fitting}
        return Ruled(
            rules=list(rules.values()), proofs=self._burn_proofs(rules, fitting, budget, metrics[0]), remarks=left_out
        )

    def windows(self, window: Window) -> tuple[float, float]:
        """Long and short stretch in seconds, as the cadence allows."""
        short = max(window.short, math.ceil(2.5 * self.of.every / _MINUTE) * _MINUTE)
        return max(window.long, 2 * short), short

    def _burn(self, window: Window, budget: float, metrics: list[str]) -> Rule:
        long, short = (duration(seconds) for seconds in self.windows(window))
        names = quoted("|".join(name.replace(".", "[.]") for name in metrics))
        all_of = f"eval_watchdog_answers_total{{{self.of.selector},metric=~{names}}}"
        bad_of = f'eval_watchdog_answers_total{{{self.of.selector},metric=~{names},verdict="bad"}}'
        limit = f"{window.factor * budget:.6g}"

        def share(stretch: str) -> str:
            return f"sum by (metric) (rate({bad_of}[{stretch}])) / sum by (metric) (rate({all_of}[{stretch}]))"

        enough = f"sum by (metric) (increase({all_of}[{long}])) >= {LEAST_ANSWERS}"
        return self.of.rule(
            "QualityBudgetBurn",
            f"{share(long)} > {limit} and {share(short)} > {limit} and {enough}",
            window.hold,
            "model",
            window.severity,
            f"{self.of.watch.feature}: {{{{ $value | humanizePercentage }}}} of the answers fail "
            f"{{{{ $labels.metric }}}} (SLO {self.of.good:.4g} good, {window.factor:g}x its budget over "
            f"{long} and {short})",
            "Measured on the golden set, over looks. The burn rate of an SLO is outside the false-alarm budget; "
            "whether it is new, and why, EvalDrift says.",
            self.of.watch.runbook or self.of.runbook("README.md"),
            window=window.name,
        )

    def _burn_proofs(self, rules: dict[str, Rule], fitting: list[Window], budget: float, metric: str) -> list[Proof]:
        """Each window alone and with those below it; none within the budget, after it is over, or of a few answers."""
        steps = [1.0, *(window.factor * budget for window in fitting), 0.0]
        proofs = []
        for at, window in enumerate(fitting):
            bad = round(1000 * (steps[at] + steps[at + 1]) / 2)
            alerts = [rules[each.name].alert(f"{bad / 10:.4g}%", metric=metric) for each in fitting[at:]]
            name = f"burning at {bad / 1000 / budget:.2g}x is a {window.severity} ({window.name})"
            proofs.append(self._burn_proof(name, metric, f"0+{bad}", f"0+{1000 - bad}", alerts))
        calm = round(500 * budget)
        return [
            *proofs,
            self._burn_proof("half the budget is calm", metric, f"0+{calm}", f"0+{1000 - calm}", []),
            self._burn_proof("a few bad answers are calm", metric, "0+0.1", "0+0", []),
        ]

    def _burn_proof(self, name: str, metric: str, bad: str, good: str, alerts: list[dict[str, object]]) -> Proof:
        # Five samples in the shortest stretch; a ratio needs no full window, only more than the longest hold.
        interval = max(STEP, self.windows(WINDOWS[0])[1] // 5 // STEP * STEP)
        at = math.ceil((3 * _HOUR + 10 * interval) / EVALUATED) * EVALUATED
        count = round(at / interval)
        series = f"eval_watchdog_answers_total{{{self.of.selector},metric={quoted(metric)},verdict="
        return Proof(
            name=f"{self.of.watch.name}: {name}",
            alertname="QualityBudgetBurn",
            series=[(f'{series}"bad"}}', f"{bad}x{count}"), (f'{series}"good"}}', f"{good}x{count}")],
            at=at,
            alerts=alerts,
            interval=interval,
        )
