"""The HTML report: one self-contained page without scripts, fonts or pictures from elsewhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from watchdog.domain.score import Outcome
from watchdog.render import words
from watchdog.render.chart import chart, smoothing
from watchdog.render.diff import word_diff
from watchdog.render.views import AlertView, FlippedCaseView, MetricSeriesView, ReportView

if TYPE_CHECKING:
    from jinja2 import Environment

#: Annotations that are sentences, in the order in which one reads them at night; the rest are short facts.
_SENTENCES = ("summary", "description", "worst_cases", "recovery", "runbook_url", "next_command")
_SHORT = 60
#: Longest model text shown; the store keeps the whole.
LONGEST_TEXT = 6000


def report_html(view: ReportView) -> str:
    """The page. Every text from outside is escaped; nothing is loaded from anywhere."""
    page = templates().get_template("report.html")
    return page.render(
        view=view,
        charts=[charts(series, salt=str(number)) for number, series in enumerate(view.metrics)],
        alerts=[_alert(alert) for alert in view.alerts],
        flipped=[_side_by_side(case) for case in view.flipped],
        outcomes=list(Outcome),
        estimands=sorted({series.estimand.value for series in view.metrics}),
    )


def charts(series: MetricSeriesView, *, salt: str = "") -> dict[str, Any]:
    """A metric drawn twice, for wide and for narrow screens, with its events in order of time."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

    events = sorted(series.markers, key=lambda marker: marker.at)
    return {
        "wide": Markup(chart(series, salt=f"{salt}w")),  # noqa: S704 - drawn by us, from numbers
        "narrow": Markup(chart(series, width=4.1, height=3.7, salt=f"{salt}n")),  # noqa: S704
        "events": events,
        "smoothing": smoothing(len(series.times)),
        "series": series,
    }


def _alert(alert: AlertView) -> dict[str, Any]:
    """An alert with its annotations parted into sentences and short facts; the cause has a place of its own."""
    said = {name: text for name, text in alert.annotations.items() if name != "cause" or not alert.cause}
    sentences = {name: said.pop(name) for name in _SENTENCES if name in said}
    sentences |= {name: said.pop(name) for name in list(said) if len(said[name]) > _SHORT}
    return {"alert": alert, "sentences": sentences, "facts": said}


def _side_by_side(case: FlippedCaseView) -> dict[str, Any]:
    before, after = word_diff(_shown(case.before), _shown(case.after))
    return {"case": case, "input": _shown(case.input), "before": before, "after": after}


def _shown(text: str) -> str:
    text = words.harmless(text)
    return (
        text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} … ({len(text) - LONGEST_TEXT} more characters)"
    )


@cache
def templates() -> Environment:
    """The pages, with the filters that they use."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only reports need it

    found = Environment(
        loader=PackageLoader("watchdog.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Whatever a page shows is harmless first, and then escaped.
        finalize=lambda value: words.harmless(value) if type(value) is str else value,
    )
    found.filters.update(
        moment=words.moment,
        day=words.day,
        percent=words.percent,
        points=words.points,
        span=words.span,
        decimal=words.decimal,
        money=words.money,
        score=words.score,
    )
    return found
