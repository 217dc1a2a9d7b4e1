"""One metric on a page of its own, as text and as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.render.report import charts, templates
from watchdog.render.terminal import show_metrics, sparkline
from watchdog.render.views import MetricSeriesView
from watchdog.render.words import harmless, moment, percent

if TYPE_CHECKING:
    from rich.console import Console


def show_metric(series: MetricSeriesView, to: Console) -> None:
    """Where the metric stands, its last looks as small bars, and what happened to it."""
    to.print(harmless(f"{series.name}, {series.estimand}"))
    known = [value for value in series.level if value is not None]
    if known:
        # As many of the last looks as fit on a line beside the words.
        room = max(10, to.width - 26)
        low, high = min(known), max(known)
        to.print(f"{percent(low):>8} {sparkline(series.level[-room:], low, high)} {percent(high)}")
        to.print(
            f"{len(known)} of {len(series.times)} looks, {moment(series.times[0])} to {moment(series.times[-1])} UTC"
        )
    else:
        to.print("No look has measured it yet.")
    if series.band is not None:
        to.print(
            f"baseline {percent(series.baseline)}, between {percent(series.band[0])} and {percent(series.band[1])}"
        )
    if series.now is not None:
        show_metrics([series.now], to)
    for event in sorted(series.markers, key=lambda marker: marker.at):
        to.print(harmless(f"{moment(event.at)}  {event.kind}: {event.label}"))


def metric_html(series: MetricSeriesView) -> str:
    """The metric's chart with its events, as a self-contained page."""
    return templates().get_template("metric_page.html").render(drawn=charts(series), series=series)
