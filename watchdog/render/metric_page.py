"""One metric on a page of its own, as text and as HTML."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from watchdog.render.report import charts, templates
from watchdog.render.terminal import show_metrics, sparkline
from watchdog.render.views import Marker, MarkerKind, MetricSeriesView, NoiseView
from watchdog.render.words import harmless, level, moment

if TYPE_CHECKING:
    from rich.console import Console

#: How an event is written under the bars of a terminal.
_SIGNS = {
    MarkerKind.OUTAGE: "!",
    MarkerKind.CHANGE: "→",
    MarkerKind.FIRED: "▼",
    MarkerKind.RESOLVED: "▲",
    MarkerKind.NOTE: "·",
}
#: Columns of words to the left and to the right of the bars.
_MARGIN = 26


def show_metric(series: MetricSeriesView, to: Console) -> None:
    """Where the metric stands, its looks as small bars with what happened below them, and how much it varies."""
    to.print(harmless(f"{series.name}, {series.estimand}"))
    known = [value for value in series.level if value is not None]
    if known:
        _show_bars(series, known, to)
        to.print(
            f"{len(known)} of {len(series.times)} looks, {moment(series.times[0])} to {moment(series.times[-1])} UTC"
        )
    else:
        to.print("No look has measured it yet.")
    if series.band is not None:
        to.print(
            f"baseline {level(series.baseline, series.unit)}, between {level(series.band[0], series.unit)} "
            f"and {level(series.band[1], series.unit)}"
        )
    if series.now is not None:
        show_metrics([series.now], to)
    for name, fact in _facts(series).items():
        to.print(harmless(f"{name}: {fact}"))
    for event in sorted(series.markers, key=lambda marker: marker.at):
        until = "" if event.until is None else f" until {moment(event.until)}"
        to.print(harmless(f"{moment(event.at)}  {_SIGNS[event.kind]} {event.kind}{until}: {event.label}"))


def _facts(series: MetricSeriesView) -> dict[str, str]:
    """What is known of a metric beside its looks, by what it is about."""
    facts = {} if series.noise is None else noise_facts(series.noise, series.unit)
    if series.second is not None and series.threshold is not None:
        facts["second opinion"] = (
            f"evidence {max(series.second.evidence, 0.0):.1f}, where {series.threshold:.1f} rings: pinned held against "
            f"current case by case over {series.second.looks} looks, without the baseline; it never rings itself"
        )
    return facts


def noise_facts(noise: NoiseView, unit: str = "") -> dict[str, str]:
    """How a metric varies, in words, by what they are about."""
    correlated = (
        "looks do not resemble their neighbours"
        if noise.correlation == 0
        else f"neighbouring looks correlate by {noise.correlation:.2f}, which makes the variance of a long mean "
        f"{noise.inflation:.1f} times as large"
    )
    points = "per cent" if unit else "points"  # a small log-ratio is a percentage
    facts = {
        "reference": f"{level(noise.locked_level, unit)} over the {noise.locked} locked looks, "
        f"{level(noise.current_level, unit)} over all {noise.looks} that were calm",
        "a look varies by": f"{100 * noise.spread:.1f} {points} (one standard deviation), {100 * noise.within:.1f} of "
        f"them because the same case is answered differently each time; {correlated}",
    }
    if noise.detectable:
        drops = ", ".join(f"{100 * drop:.1f} {points} within {words}" for words, drop in noise.detectable.items())
        facts["smallest drop that can be found"] = (
            f"{drops}, at best: allow half as long again; "
            f"one below {100 * noise.smallest_drop:g} {points} does not ring"
        )
    return facts


def metric_html(series: MetricSeriesView) -> str:
    """The metric's chart with its events, as a self-contained page."""
    template = templates().get_template("metric_page.html")
    return template.render(drawn=charts(series), series=series, facts=_facts(series))


def _show_bars(series: MetricSeriesView, known: Sequence[float], to: Console) -> None:
    """Score, evidence and events over the same columns; a column is one look or several."""
    room = max(10, to.width - _MARGIN)
    share = math.ceil(len(series.times) / room)
    low, high = min(known), max(known)
    bars = sparkline(_columns(series.level, share, lambda values: sum(values) / len(values)), low, high)
    to.print(f"{'level' if series.unit else 'score':<9}{level(low, series.unit):>7} {bars} {level(high, series.unit)}")
    if series.threshold is not None and any(value is not None for value in series.evidence):
        bars = sparkline(_columns(series.evidence, share, max), 0.0, series.threshold)
        to.print(f"{'evidence':<9}{'0':>7} {bars} alarm")
    if series.markers:
        to.print(f"{'events':<9}{'':>7} {_signs(series.times, series.markers, share)}")
    if share > 1:
        to.print(f"{'':>17}one column: {share} looks")


def _columns(values: Sequence[float | None], share: int, of: Callable[[Sequence[float]], float]) -> list[float | None]:
    """Each ``share`` values as one; None where none of them is known."""
    parts = (values[start : start + share] for start in range(0, len(values), share))
    return [of(some) if (some := [value for value in part if value is not None]) else None for part in parts]


def _signs(times: Sequence[float], markers: Sequence[Marker], share: int) -> str:
    """A sign for each event in the column of the first look that is not before it."""
    signs = [" "] * math.ceil(len(times) / share)
    for marker in markers:
        look = next((index for index, at in enumerate(times) if at >= marker.at), len(times) - 1)
        signs[look // share] = _SIGNS[marker.kind]
    return "".join(signs).rstrip()
