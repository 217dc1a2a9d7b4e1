"""What an alert says. Written for somebody who was asleep a minute ago: what, how much, since when, why, what now."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from watchdog.correlate.situation import ProviderHealth, WorstCase
from watchdog.domain.alert import AlertType, Cause, Severity
from watchdog.domain.detection import Guarantee, Signal
from watchdog.domain.metric import MetricKey
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.errors import ErrorKind

#: Cases named in an alert; the rest are a command away.
_WORST_SHOWN = 10

#: Pages of docs/runbooks, for watches without a runbook of their own.
RUNBOOKS: Mapping[Cause, str] = {
    Cause.OURS: "model-prompt-or-parameters.md",
    Cause.PROVIDER_MODEL: "model-provider-changed.md",
    Cause.SHARED: "model-shared.md",
    Cause.PINNED_MOVED: "pinned-moved.md",
    Cause.JUDGE: "judge-moved.md",
    Cause.COVERAGE: "coverage-gap.md",
    Cause.PROVIDER_FAILING: "provider-down.md",
    Cause.TOOL_FAILING: "tool-failing.md",
    Cause.BLIND: "eval-blind.md",
    Cause.UNDELIVERED: "delivery-dead.md",
    Cause.UNREHEARSED: "drill-overdue.md",
    Cause.FALLBACK: "fallback-unready.md",
    Cause.UNATTRIBUTED: "README.md#unattributed",
}

#: How often the acute rule rang for nothing, in hourly looks of four simulated worlds (docs/statistics.md, The parts).
ACUTE_COUNTED = "none in 48 simulated metric-years, so fewer than 0.08 a metric-year (docs/statistics.md)"

_FAILURES: Mapping[ErrorKind, str] = {
    ErrorKind.AUTHENTICATION: "refuses our key (401)",
    ErrorKind.PERMISSION: "refuses us permission (403)",
    ErrorKind.NOT_FOUND: "does not know the model (404)",
    ErrorKind.BAD_REQUEST: "calls our requests malformed (400)",
    ErrorKind.RATE_LIMIT: "answers 429 (too many requests)",
    ErrorKind.QUOTA: "says our quota is used up (429)",
    ErrorKind.TIMEOUT: "does not answer in time",
    ErrorKind.CONNECTION: "cannot be reached",
    ErrorKind.SERVER: "answers with server errors (5xx)",
    ErrorKind.BAD_RESPONSE: "answers with an empty or broken body",
    ErrorKind.TOOL: "fails at a tool",
    ErrorKind.INTERNAL: "raises an exception in our own code",
}


def labels(watch: Watch, name: str, alert_type: AlertType, severity: Severity, **more: str) -> dict[str, str]:
    """Identity of an alert. ``more`` without empty values; provider and model are the current target's unless given."""
    current = watch.targets.get(Role.CURRENT)
    subject = {"provider": current.provider, "model": current.model} if current else {}
    return {
        "alertname": name,
        "alert_type": alert_type.value,
        "severity": severity.value,
        "team": watch.owner.team,
        "vertical": watch.owner.vertical,
        "feature": watch.feature,
        "watch": watch.name,
        **{key: value for key, value in {**subject, **more}.items() if value},
    }


def story(watch: Watch, cause: Cause, summary: str, description: str, command: str = "") -> dict[str, str]:
    """What every alert says."""
    return {
        "summary": summary,
        "description": description,
        "cause": cause.value,
        "runbook_url": runbook_url(watch, RUNBOOKS[cause]),
        "next_command": command or f"eval-watchdog scores {shlex.quote(watch.name)} --since 24h",
    }


def runbook_url(watch: Watch, page: str) -> str:
    """Where to read what to do: an address of the watch's own, the page that ``serve`` fills in, or a path.

    ``page``: one of docs/runbooks, for a watch without a runbook of its own.
    """
    own = watch.runbook
    if watch.runbook_base_url and not own.startswith(("http://", "https://")):
        return served_runbook(watch.runbook_base_url, page, watch.name)
    return own or f"docs/runbooks/{page}"


def served_runbook(base: str, page: str, watch: str = "") -> str:
    """Address of one of docs/runbooks at ``serve``, with a watch filled in if one is named."""
    about = f"/{quote(watch, safe='')}" if watch else ""
    return f"{base}/runbooks{about}/{page.replace('.md', '')}"


def measured(watch: Watch, signal: Signal, verb: str = "is") -> tuple[str, dict[str, str]]:
    """The summary of a drift, and the annotations that hold its numbers."""
    key, (low, high) = signal.key, signal.interval
    what = f"{key.scorer} [{key.tag}]" if key.tag else key.scorer
    measure = watch.measure(key.scorer)
    if measure is None:
        size = f"{abs(signal.effect) * 100:.1f} points {'worse' if signal.effect <= 0 else 'better'}"
        interval = f"{low * 100:+.1f} to {high * 100:+.1f} points"
    else:
        size = f"{abs(math.expm1(-signal.effect)) * 100:.0f} % {'more' if signal.effect <= 0 else 'less'}"
        interval = f"{math.expm1(-high) * 100:+.0f} to {change(watch, key, low)}"
    since = f", since {moment(signal.since)}" if signal.since is not None else ""
    summary = (
        f"{watch.feature}: {what} {verb} {size} {key.estimand} than at the baseline "
        f"(90 % interval {interval}, n {signal.n}){since}"
    )
    between = signal.since_between
    return summary, {
        "effect": change(watch, key, signal.effect),
        "interval": f"{interval} (90 %)",
        "n": str(signal.n),
        **({"since": iso(signal.since)} if signal.since is not None else {}),
        **({} if between is None else {"since_between": f"{iso(between[0])} and {iso(between[1])} (90 %)"}),
        "estimand": key.estimand.value,
        "guarantee": signal.guarantee.value,
        "false_alarms": _false_alarms(signal),
        "evidence": f"{signal.statistic:.1f}, {signal.threshold:.1f} needed (log scale); {signal.reason or 'evidence'}",
    }


def _false_alarms(signal: Signal) -> str:
    """What the guarantee of a signal comes to."""
    if signal.guarantee is Guarantee.BUDGETED:
        return f"one in {math.exp(signal.threshold):,.0f} looks at this metric on average: its share of the budget"
    if signal.guarantee is Guarantee.CALIBRATED:
        return f"beside the budget; {ACUTE_COUNTED}"
    return "not known: a rule of thumb"


def change(watch: Watch, key: MetricKey, effect: float) -> str:
    """A change of a metric in its own terms: points of a score, per cent of a measure."""
    if watch.measure(key.scorer) is None:
        return f"{effect * 100:+.1f} points"
    return f"{math.expm1(-effect) * 100:+.0f} %"


def regraded(watch: Watch, signal: Signal) -> tuple[str, dict[str, str]]:
    """The same for a judge that grades its own anchors otherwise: a statement about the judge, and no estimand's."""
    _, numbers = measured(watch, signal)
    size = f"{abs(signal.effect) * 100:.1f} points {'lower' if signal.effect <= 0 else 'higher'}"
    since = f", since {moment(signal.since)}" if signal.since is not None else ""
    summary = (
        f"{watch.feature}: the judge of {signal.key.scorer} grades its own anchors {size} than at the baseline "
        f"(interval {numbers['interval']}, n {signal.n}){since}"
    )
    return summary, {name: value for name, value in numbers.items() if name != "estimand"}


def worst(cases: Sequence[WorstCase]) -> dict[str, str]:
    """The annotation that names the cases that lost most; never their texts."""
    if not cases:
        return {}
    more = len(cases) - _WORST_SHOWN
    shown = ", ".join(str(case) for case in cases[:_WORST_SHOWN])
    return {"worst_cases": f"{shown} and {more} more" if more > 0 else shown}


def failure(provider: str, healths: Sequence[ProviderHealth]) -> str:
    """What a provider does to our calls, commonest failure first; empty when none failed."""
    counts: dict[ErrorKind, int] = {}
    for health in healths:
        for kind, count in health.errors.items():
            counts[kind] = counts.get(kind, 0) + count
    calls = sum(health.calls for health in healths)
    ranked = sorted(((kind, count) for kind, count in counts.items() if count), key=lambda pair: (-pair[1], pair[0]))
    said = [f"{_FAILURES[kind]}: {count} of {calls} calls ({100 * count / calls:.0f} %)" for kind, count in ranked]
    return f"{provider} {', '.join(said)}" if said else ""


def moment(at: float) -> str:
    """Unix time for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def iso(at: float) -> str:
    """Unix time for machines."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
