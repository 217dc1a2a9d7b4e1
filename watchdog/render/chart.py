"""The chart of one metric over time."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from watchdog.domain.metric import Better
from watchdog.render.drawing import COLOURS, drawing
from watchdog.render.views import Marker, MarkerKind, MetricSeriesView
from watchdog.text.words import significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS: dict[MarkerKind, tuple[str, Any]] = {
    MarkerKind.OUTAGE: ("infra", (0, (1, 1.5))),
    MarkerKind.CHANGE: ("change", (0, (5, 2))),
    MarkerKind.FIRED: ("worse", "solid"),
    MarkerKind.RESOLVED: ("better", "solid"),
    MarkerKind.NOTE: ("muted", (0, (1, 3))),
}
#: Evidence is drawn from this value up and to this many thresholds: far below lies calm, far above is beyond doubt, and
#: neither may flatten what lies between.
_EVIDENCE_FLOOR = -6.0
_EVIDENCE_CEILING = 3.0
#: Seconds between two ticks of the time axis.
_TICK_STEPS = tuple(60.0 * step for step in (5, 15, 30)) + tuple(
    3600.0 * step for step in (1, 2, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 8760)
)


def chart(series: MetricSeriesView, *, width: float = 9.0, height: float = 3.9, salt: str = "") -> str:
    """Score over time above, evidence against its threshold below; ``width`` and ``height`` in inches.

    ``salt`` keeps the inner names of several charts on one page apart.
    """
    narrow = width < 6

    def draw(figure: Figure) -> None:
        with_evidence = any(value is not None for value in series.evidence)
        figure.get_layout_engine().set(h_pad=0.06, w_pad=0.04, hspace=0.04)  # type: ignore[union-attr,call-arg]
        rows = figure.subplots(
            2 if with_evidence else 1,
            1,
            sharex=True,
            squeeze=False,
            gridspec_kw={"height_ratios": [3, 1.25]} if with_evidence else None,
        )
        top = rows[0][0]
        _draw_scores(top, series)
        if with_evidence:
            _draw_evidence(rows[1][0], series)
        for axes in rows[:, 0]:
            _draw_events(axes, series.markers)
        _time_axis(rows[-1][0], series.times, narrow=narrow)
        _label_events(top, series.markers, narrow=narrow)

    return drawing(draw, width=width, height=height, salt=f"{series.name}{salt}", description=_described(series))


def _draw_scores(axes: Axes, series: MetricSeriesView) -> None:
    if series.band is not None:
        axes.axhspan(*series.band, color=COLOURS["band"], linewidth=0, zorder=0)
    if series.baseline is not None:
        axes.axhline(series.baseline, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    smooth = smoothing(len(series.times))
    if series.pinned:
        line = running_mean(series.pinned, smooth)
        axes.plot(series.times, _gaps(line), color=COLOURS["pinned"], linewidth=1.3, linestyle=(0, (3, 1.4)), zorder=2)
    if smooth > 1:
        _draw_looks(axes, series)
        axes.plot(
            series.times,
            _gaps(running_mean(series.level, smooth)),
            color=COLOURS["current"],
            linewidth=1.8,
            zorder=4,
        )
    else:
        axes.plot(
            series.times,
            _gaps(series.level),
            color=COLOURS["current"],
            linewidth=1.6,
            marker="o",
            markersize=3.5,
            zorder=4,
        )
    values = [value for value in (*series.level, *series.pinned, *(series.band or ())) if value is not None]
    if values:
        low, high = min(values), max(values)
        air = 0.06 * (high - low) if series.unit else max(0.01, 0.06 * (high - low))
        # A share cannot leave 0..1; other scores may.
        axes.set_ylim(
            max(0.0, low - air) if low >= 0 else low - air,
            min(1.008, high + air) if low >= 0 and high <= 1.2 and not series.unit else high + air,
        )
    axes.yaxis.set_major_locator(_steps())
    axes.yaxis.set_major_formatter(lambda value, _: _tick(value, series.unit))
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    if series.better is Better.LOWER:
        axes.set_ylabel("lower is better")


def _draw_looks(axes: Axes, series: MetricSeriesView) -> None:
    """A dot for every look; the few outside the band are the ones to see."""
    low, high = series.band or (-math.inf, math.inf)
    known = [(at, level) for at, level in zip(series.times, series.level, strict=True) if level is not None]
    usual = [(at, level) for at, level in known if low <= level <= high]
    unusual = [(at, level) for at, level in known if not low <= level <= high]
    for looks, opacity in ((usual, 0.35), (unusual, 0.85)):
        axes.plot(
            [at for at, _ in looks],
            [level for _, level in looks],
            color=COLOURS["current"],
            linestyle="none",
            marker=".",
            markersize=5,
            markeredgewidth=0,
            alpha=opacity,
            zorder=3,
        )


def smoothing(looks: int) -> int:
    """Looks over which the drawn line is a running mean; 1 draws the looks themselves."""
    return 1 if looks <= 90 else 2 * (looks // 120) + 3


def running_mean(values: Sequence[float | None], window: int) -> list[float | None]:
    """Mean of what is known among the last ``window`` looks; None where the look itself is not known.

    Trailing, not centred: a line that knew the future would show a drop before it began.
    """
    means: list[float | None] = []
    for index, value in enumerate(values):
        near = [known for known in values[max(0, index - window + 1) : index + 1] if known is not None]
        means.append(None if value is None else sum(near) / len(near))
    return means


def _steps() -> Any:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    return MaxNLocator(nbins=6, steps=[1, 2, 5, 10])


def _draw_evidence(axes: Axes, series: MetricSeriesView) -> None:
    ceiling = _EVIDENCE_CEILING * series.threshold if series.threshold else math.inf
    shown = [None if value is None else min(ceiling, max(_EVIDENCE_FLOOR, value)) for value in series.evidence]
    gaps = _gaps(shown)
    axes.plot(series.times, gaps, color=COLOURS["current"], linewidth=1.1)
    axes.set_ylabel("evidence")
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    top = max([value for value in shown if value is not None] + [series.threshold or 0.0])
    axes.set_ylim(_EVIDENCE_FLOOR - 1, top * 1.15 + 1)
    if series.threshold is not None:
        axes.axhline(series.threshold, color=COLOURS["worse"], linewidth=1.0, linestyle=(0, (6, 2)))
        axes.annotate(
            "alarm",
            (0, series.threshold),
            xycoords=("axes fraction", "data"),
            xytext=(3, -3),
            textcoords="offset points",
            va="top",
            fontsize=8.5,
            color=COLOURS["worse"],
        )


def _draw_events(axes: Axes, markers: Sequence[Marker]) -> None:
    for marker in markers:
        colour, line = _MARKS[marker.kind]
        start = marker.at
        if marker.until is not None:
            axes.axvspan(start, marker.until, color=COLOURS[colour], alpha=0.18, linewidth=0, zorder=1.5)
        else:
            axes.axvline(start, color=COLOURS[colour], linewidth=1.1, linestyle=line, zorder=1.5)


def _label_events(axes: Axes, markers: Sequence[Marker], *, narrow: bool) -> None:
    """Numbers above the events, in order; the page lists what they mean, and those before the first look, too."""
    left, right = axes.get_xlim()
    nearest = (right - left) * (0.055 if narrow else 0.022)
    taken: list[tuple[float, int]] = []
    for number, marker in enumerate(sorted(markers, key=lambda marker: marker.at), 1):
        until = marker.at if marker.until is None else marker.until
        if until < left or marker.at > right:
            continue
        place = (max(marker.at, left) + min(until, right)) / 2
        used = {row for at, row in taken if abs(at - place) < nearest}
        row = next(row for row in range(len(markers) + 1) if row not in used)
        taken.append((place, row))
        axes.annotate(
            str(number),
            (place, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 7 + 12 * row),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=8,
            fontweight="bold",
            color=COLOURS[_MARKS[marker.kind][0]],
        )


def _time_axis(axes: Axes, times: Sequence[float], *, narrow: bool) -> None:
    """Ticks at round times in UTC."""
    first, last = (times[0], times[-1]) if times else (0.0, 0.0)
    reach = max(last - first, 60.0)
    axes.set_xlim(first - 0.01 * reach, last + 0.01 * reach)
    step = next((step for step in _TICK_STEPS if reach / step <= (3 if narrow else 7)), _TICK_STEPS[-1])
    start = math.ceil(first / step) * step
    ticks = [start + step * index for index in range(int((last - start) // step) + 1)]
    axes.set_xticks(ticks, [_tick_label(tick, step) for tick in ticks])


def _tick_label(at: float, step: float) -> str:
    when = datetime.fromtimestamp(at, UTC)
    if step >= 86_400:
        return f"{when.day} {when:%b}" if step < 90 * 86_400 else f"{when:%b %Y}"
    return f"{when.day} {when:%b}" if when.hour == when.minute == 0 else f"{when:%H:%M}"


def _described(series: MetricSeriesView) -> str:
    """What a screen reader says; without characters that mean something in HTML."""
    known = [level for level in series.level if level is not None]
    ends = (significant(min(known), 3), f"{significant(max(known), 3)} {series.unit}") if series.unit and known else ()
    if known and not ends:
        ends = (f"{100 * min(known):.0f}", f"{100 * max(known):.0f} percent")
    reach = f", from {ends[0]} to {ends[1]}" if ends else ""
    name = re.sub(r"[^\w .:/@-]", "", series.name)
    return f"{'Level' if series.unit else 'Score'} of {name} over {len(series.times)} looks{reach}"


def _tick(value: float, unit: str) -> str:
    return f"{significant(value, 3)} {unit}" if unit else f"{100 * value:.0f} %"


def _gaps(values: Sequence[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]
