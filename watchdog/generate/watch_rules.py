"""Rules about one watch: the latency of its answers, its cost, and looks that do not come."""

from __future__ import annotations

import math

from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.generate.names import duration
from watchdog.generate.rule import Proof, Rule, Ruled, quoted
from watchdog.generate.shapes import SloShape
from watchdog.generate.teams import Teams

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
#: Seconds between samples of the longest unit tests: a sample is seen for five minutes.
_SPARSE = 300.0
#: Answers without which there is no 95th percentile.
LEAST_TIMES = 20
#: A latency page needs this many times the SLO; in a strict vertical the SLO itself.
SLOW = 3.0
#: Times the normal cost from which a spike pages (inclusive), and from which it is in the digest.
COSTS_A_PAGE = 5.0
COSTS_A_LINE = 2.0


class WatchRules:
    """The rules of one watch."""

    def __init__(self, watch: Watch, teams: Teams) -> None:
        self.watch = watch
        self.teams = teams
        vertical = teams.shape.verticals.get(watch.owner.vertical)
        own = vertical.slo if vertical else SloShape.model_validate({})
        self.good = own.good_answers or teams.shape.slo.good_answers
        self.latency = own.latency_p95 or teams.shape.slo.latency_p95
        self.strict = vertical is not None and vertical.strict
        #: Seconds between two looks; of a cron line a day is taken, which only makes windows longer.
        self.every = watch.schedule.every or _DAY
        self.selector = f"watch={quoted(watch.name)}"

    def slow(self) -> Ruled:
        """95 % of the answers take far longer than promised."""
        if self.latency is None:
            return Ruled(remarks=[f"{self.watch.name}: no latency rule, because teams.yaml has no slo.latency_p95"])
        factor = 1.0 if self.strict else SLOW
        stretch = duration(max(15 * _MINUTE, math.ceil(2.5 * self.every / _MINUTE) * _MINUTE))
        name = "eval_watchdog_answer_seconds"
        rule = self.rule(
            "AnswerLatencyHigh",
            f"histogram_quantile(0.95, sum by (le) (rate({name}_bucket{{{self.selector}}}[{stretch}])))"
            f" > {factor * self.latency:.6g}"
            f" and sum(increase({name}_count{{{self.selector}}}[{stretch}])) >= {LEAST_TIMES}",
            0.0 if self.strict else 5 * _MINUTE,
            "infra",
            "page",
            f'{self.watch.feature}: 95 % of the answers take up to {{{{ $value | printf "%.2f" }}}} s '
            f"(SLO {self.latency:g} s, this pages above {factor:g}x)",
            "Is the provider slow, or are there more tokens? Compare the latency and tokens of "
            f"'eval-watchdog scores {self.watch.name} --since 24h'.",
            self.runbook("provider-down.md"),
            metric="latency",
        )

        def times(p95: float) -> list[tuple[str, str]]:
            # All answers lie between 0 and the end of one bucket: its 95th percentile is 0.95 of that end.
            end = f"{p95 / 0.95:.9g}"
            return [
                (f'{name}_bucket{{{self.selector},le="{end}"}}', "0+10x400"),
                (f'{name}_bucket{{{self.selector},le="+Inf"}}', "0+10x400"),
                (f"{name}_count{{{self.selector}}}", "0+10x400"),
            ]

        over, under = (factor + 0.1) * self.latency, (factor - 0.1) * self.latency
        at = 2 * _HOUR
        proofs = [
            Proof(
                name=f"{self.watch.name}: p95 of {factor + 0.1:g}x the SLO pages",
                alertname=rule.name,
                series=times(over),
                at=at,
                alerts=[rule.alert(f"{over:.2f}")],
            ),
            Proof(
                name=f"{self.watch.name}: p95 of {factor - 0.1:g}x the SLO does not",
                alertname=rule.name,
                series=times(under),
                at=at,
            ),
        ]
        return Ruled(rules=[rule], proofs=proofs)

    def cost(self) -> Ruled:
        """A watch spends many times what it does in a week; only once there is a week."""
        hours = max(1, math.ceil(2 * self.every / _HOUR))
        if hours > 24:
            return Ruled(remarks=[f"{self.watch.name}: no cost rule, because it looks too seldom for a spike to show"])
        spent = f"eval_watchdog_cost_dollars_total{{{self.selector}}}"
        ratio = f"sum(increase({spent}[{hours}h])) / (sum(increase({spent}[7d] offset {hours}h)) * {hours} / 168)"
        week = f"sum({spent} offset 6d) >= 0"

        def spike(times: float, severity: str) -> Rule:
            return self.rule(
                "CostSpike",
                f"{ratio} >= {times:g} and {week}",
                10 * _MINUTE,
                "infra",
                severity,
                f'{self.watch.feature}: spends {{{{ $value | printf "%.1f" }}}} times what is normal',
                "A bug, abuse, a price, or a configuration: compare calls, tokens and prices with last week's.",
                self.runbook("README.md"),
                metric="cost",
            )

        page, ticket = spike(COSTS_A_PAGE, "page"), spike(COSTS_A_LINE, "ticket")
        at, step = 7 * _DAY + (2 * hours + 1) * _HOUR, _SPARSE
        before = round((at - (hours + 1) * _HOUR) / step)

        def spending(name: str, times: int, alerts: list[dict[str, object]]) -> Proof:
            rise = f"0+1x{before} {before + times}+{times}x{round((hours + 1) * _HOUR / step) + 1}"
            return Proof(
                name=f"{self.watch.name}: {name}",
                alertname="CostSpike",
                series=[(spent, rise)],
                at=at,
                alerts=alerts,
                interval=step,
            )

        proofs = [
            spending("normal cost is no news", 1, []),
            # An hour of the spike is in the week that it is held against.
            spending(
                "six times the cost is a page", 6, [each.alert(f"{6 * 168 / 173:.1f}") for each in (page, ticket)]
            ),
            spending("three times the cost is in the digest", 3, [ticket.alert(f"{3 * 168 / 170:.1f}")]),
        ]
        return Ruled(rules=[page, ticket], proofs=proofs if hours == 1 else ())

    def unseen(self) -> Ruled:
        """Looks that do not come, or give nothing."""
        limit = max(3 * self.every, _HOUR) + 10 * _MINUTE
        last = f"eval_watchdog_last_success_timestamp_seconds{{{self.selector}}}"
        stale = self.rule(
            "EvalStale",
            f"time() - max({last}) > {limit:g}",
            0.0,
            "infra",
            "page",
            f"{self.watch.feature}: nothing was measured for {{{{ $value | humanizeDuration }}}}",
            "Quality is unknown, which is not the same as fine.",
            self.runbook("eval-blind.md"),
        )
        count = f"eval_watchdog_missed_runs_total{{{self.selector}}}"
        stretch = max(_HOUR, math.ceil(2 * self.every / _MINUTE) * _MINUTE)
        missed = self.rule(
            "EvalLooksMissed",
            f"sum(increase({count}[{duration(stretch)}])) > 0",
            0.0,
            "infra",
            "ticket",
            f"{self.watch.feature}: planned looks were not made",
            "The daemon was down or busy; what happened meanwhile is only seen at the next look.",
            self.runbook("eval-blind.md"),
        )
        over = math.ceil((limit + _MINUTE) / _HOUR) * _HOUR
        steps = round(over / _SPARSE)
        proofs = [
            Proof(
                name=f"{self.watch.name}: silence is a page",
                alertname="EvalStale",
                series=[(last, f"0x{steps}")],
                at=over,
                alerts=[stale.alert(_humanized(over))],
                interval=_SPARSE,
            ),
            Proof(
                name=f"{self.watch.name}: looks that come are no news",
                alertname="EvalStale",
                series=[(last, f"0+{_SPARSE:g}x{steps}")],
                at=over,
                interval=_SPARSE,
            ),
            Proof(
                name=f"{self.watch.name}: a missed look is a ticket",
                alertname="EvalLooksMissed",
                series=[(count, "0x90 1x40")],
                at=2 * _HOUR,
                alerts=[missed.alert("")],
            ),
            Proof(
                name=f"{self.watch.name}: no missed look is none",
                alertname="EvalLooksMissed",
                series=[(count, "3x130")],
                at=2 * _HOUR,
            ),
        ]
        return Ruled(rules=[stale, missed], proofs=proofs)

    def runbook(self, page: str) -> str:
        """Address of one of our runbooks."""
        return self.teams.shape.runbooks.rstrip("/") + "/" + page

    def rule(
        self,
        name: str,
        expression: str,
        hold: float,
        alert_type: str,
        severity: str,
        summary: str,
        description: str,
        runbook: str,
        **more: str,
    ) -> Rule:
        """A rule of this watch, with every label that names it."""
        current = self.watch.targets.get(Role.CURRENT)
        return Rule(
            name=name,
            expression=expression,
            hold=hold,
            labels={
                "alert_type": alert_type,
                "severity": severity,
                "team": self.watch.owner.team if alert_type == "model" else self.teams.shape.owners.infra,
                "vertical": self.watch.owner.vertical,
                "feature": self.watch.feature,
                "watch": self.watch.name,
                **({"provider": current.provider, "model": current.model} if current else {}),
                **more,
            },
            summary=summary,
            description=description,
            runbook=runbook,
        )


def _humanized(seconds: float) -> str:
    """Whole hours as Prometheus's humanizeDuration writes them."""
    days, hours = divmod(round(seconds / _HOUR), 24)
    return f"{days}d {hours}h 0m 0s" if days else f"{hours}h 0m 0s"
