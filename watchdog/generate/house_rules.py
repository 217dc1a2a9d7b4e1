"""Rules about ourselves and the providers: infrastructure and API. Silence of any part must not look like health."""

from __future__ import annotations

from watchdog.generate.rule import Proof, Rule, Ruled
from watchdog.generate.teams import Teams

_MINUTE = 60.0
_OVER = 120 * _MINUTE


def infrastructure(teams: Teams) -> Ruled:
    """The daemon, its database, its deliveries, and Alertmanager's."""
    rules = _Infra(teams)
    down = rules.page(
        "EvalWatchdogDown",
        "absent(eval_watchdog_build_info)",
        5 * _MINUTE,
        "eval-watchdog is gone: nothing is measured",
        "No Prometheus target tells eval_watchdog_build_info. While this lasts, silence about quality means nothing.",
    )
    store = rules.page(
        "EvalStoreDown",
        "max(eval_watchdog_store_up) == 0",
        5 * _MINUTE,
        "the database of eval-watchdog does not answer",
        "Looks cannot be kept and alerts cannot be decided until it does.",
    )
    stuck = rules.page(
        "EvalOutboxStuck",
        "max(eval_watchdog_outbox_oldest_seconds) > 600",
        5 * _MINUTE,
        'a notification has waited {{ $value | printf "%.0f" }} s to be delivered',
        "Some channel takes nothing: eval_watchdog_delivery_failures_total says which.",
    )
    dead = rules.ticket(
        "EvalDeliveryDead",
        "max(eval_watchdog_outbox_dead) > 0",
        0.0,
        '{{ $value | printf "%.0f" }} notifications were given up for good',
        "A channel refused them; nobody was told by it.",
    )
    failing = rules.ticket(
        "EvalDeliveryFailing",
        "sum by (channel) (increase(eval_watchdog_delivery_failures_total[15m])) > 3"
        " and sum by (channel) (increase(eval_watchdog_delivered_alerts_total[15m])) == 0",
        5 * _MINUTE,
        "the channel {{ $labels.channel }} takes nothing",
        "It failed more than three times in a quarter of an hour, and took nothing.",
    )
    notify = rules.page(
        "AlertmanagerNotificationsFailing",
        "sum by (integration) (rate(alertmanager_notifications_failed_total[5m]))"
        " / sum by (integration) (rate(alertmanager_notifications_total[5m])) > 0.05",
        10 * _MINUTE,
        "Alertmanager cannot deliver by {{ $labels.integration }}: {{ $value | humanizePercentage }} fail",
        "Pages may not arrive by this way.",
    )
    alive = ("eval_watchdog_build_info", "1x130")
    channel = '{channel="am"}'
    way = '{integration="pagerduty"}'
    proofs = [
        _fires(down, [("other", "1x130")], ""),
        _quiet(down, [alive]),
        _fires(store, [("eval_watchdog_store_up", "0x130")], ""),
        _quiet(store, [("eval_watchdog_store_up", "1x130")]),
        _fires(stuck, [("eval_watchdog_outbox_oldest_seconds", "601+60x130")], "7801"),
        _quiet(stuck, [("eval_watchdog_outbox_oldest_seconds", "599x130")]),
        _fires(dead, [("eval_watchdog_outbox_dead", "2x130")], "2"),
        _quiet(dead, [("eval_watchdog_outbox_dead", "0x130")]),
        _fires(
            failing,
            [
                (f"eval_watchdog_delivery_failures_total{channel}", "0+1x130"),
                (f"eval_watchdog_delivered_alerts_total{channel}", "5x130"),
            ],
            "",
            channel="am",
        ),
        _quiet(
            failing,
            [
                (f"eval_watchdog_delivery_failures_total{channel}", "0+1x130"),
                (f"eval_watchdog_delivered_alerts_total{channel}", "0+1x130"),
            ],
        ),
        _fires(
            notify,
            [
                (f"alertmanager_notifications_failed_total{way}", "0+1x130"),
                (f"alertmanager_notifications_total{way}", "0+2x130"),
            ],
            "50%",
            integration="pagerduty",
        ),
        _quiet(
            notify,
            [
                (f"alertmanager_notifications_failed_total{way}", "0+1x130"),
                (f"alertmanager_notifications_total{way}", "0+100x130"),
            ],
        ),
    ]
    return Ruled(rules=[down, store, stuck, dead, failing, notify], proofs=proofs)


def api(teams: Teams) -> Ruled:
    """Calls to providers: errors and refusals for being too many. Never a statement about quality."""
    rules = _Infra(teams, runbook="provider-down.md")
    enough = " and sum by (provider) (increase(eval_watchdog_calls_total[15m])) >= 20"

    def share(outcome: str) -> str:
        some = f"sum by (provider) (rate(eval_watchdog_calls_total{{{outcome}}}[15m]))"
        return f"{some} / sum by (provider) (rate(eval_watchdog_calls_total[15m]))"

    refused = share('outcome=~"rate-limit|quota"')
    errors = share('outcome!~"answered|rate-limit|quota"')
    summary = "{{ $labels.provider }}: {{ $value | humanizePercentage }} of our calls fail"
    because = "Failures by class are in eval_watchdog_calls_total. This says nothing about quality."
    many = rules.page("ProviderErrors", f"{errors} > 0.5{enough}", 5 * _MINUTE, summary, because)
    some = rules.ticket("ProviderErrors", f"{errors} > 0.1{enough}", 15 * _MINUTE, summary, because)
    limited = rules.ticket(
        "ProviderRateLimited",
        f"{refused} > 0.1{enough}",
        15 * _MINUTE,
        "{{ $labels.provider }}: {{ $value | humanizePercentage }} of our calls are one too many (429)",
        "Ask for more quota, or look less often; looks take longer and may miss their time.",
    )

    def calls(answered: int, outcome: str, failed: int) -> list[tuple[str, str]]:
        name = "eval_watchdog_calls_total"
        return [
            (f'{name}{{provider="p",outcome="answered"}}', f"0+{answered}x130"),
            (f'{name}{{provider="p",outcome="{outcome}"}}', f"0+{failed}x130"),
        ]

    proofs = [
        Proof(
            name="most calls fail: a page, and the ticket below it",
            alertname="ProviderErrors",
            series=calls(2, "server", 8),
            at=_OVER,
            alerts=[many.alert("80%", provider="p"), some.alert("80%", provider="p")],
        ),
        _fires(some, calls(8, "timeout", 2), "20%", provider="p"),
        _quiet(some, calls(99, "server", 1)),
        _fires(limited, calls(6, "rate-limit", 4), "40%", provider="p"),
        _quiet(limited, calls(2, "server", 8)),
    ]
    few = [(series, values.replace("0+1x130", "0x110 1x20")) for series, values in calls(1, "server", 1)]
    return Ruled(rules=[many, some, limited], proofs=[*proofs, _quiet(some, few)])


class _Infra:
    """Rules that belong to whoever owns infrastructure."""

    def __init__(self, teams: Teams, runbook: str = "eval-blind.md") -> None:
        self.team = teams.shape.owners.infra
        self.runbook = teams.shape.runbooks.rstrip("/") + "/" + runbook

    def page(self, name: str, expression: str, hold: float, summary: str, description: str) -> Rule:
        """A rule that wakes."""
        return self._rule("page", name, expression, hold, summary, description)

    def ticket(self, name: str, expression: str, hold: float, summary: str, description: str) -> Rule:
        """A rule that is read in working hours."""
        return self._rule("ticket", name, expression, hold, summary, description)

    def _rule(self, severity: str, name: str, expression: str, hold: float, summary: str, description: str) -> Rule:
        return Rule(
            name=name,
            expression=expression,
            hold=hold,
            labels={
                "alert_type": "infra",
                "severity": severity,
                "team": self.team,
                "vertical": "general",
                "feature": "eval-watchdog",
            },
            summary=summary,
            description=description,
            runbook=self.runbook,
        )


def _fires(rule: Rule, series: list[tuple[str, str]], value: str, *, at: float = _OVER, **labels: str) -> Proof:
    return Proof(
        name=f"{rule.name} fires", alertname=rule.name, series=series, at=at, alerts=[rule.alert(value, **labels)]
    )


def _quiet(rule: Rule, series: list[tuple[str, str]], *, at: float = _OVER) -> Proof:
    return Proof(name=f"{rule.name} stays quiet", alertname=rule.name, series=series, at=at)
