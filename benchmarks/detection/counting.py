"""What was counted, with its interval, and tables of it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict
from scipy.special import betaincinv, gammaincinv

from watchdog.stats.quantile import quantile_interval

_NEVER = 1e12


class Figure(Struct, frozen=True, kw_only=True):
    """One measured number."""

    value: float
    #: 95 % interval; exact for counts, from order statistics for quantiles.
    low: float
    high: float
    #: What it rests on: metric-years, alarms, streams.
    basis: str = ""

    def __str__(self) -> str:
        return f"{short(self.value)} ({short(self.low)} to {short(self.high)})"


class Row(Struct, frozen=True, kw_only=True):
    """A line of a table: what was asked, what was found, and whether that is good enough."""

    what: str
    figures: dict[str, Figure | str]
    #: The bar, in words, and whether it was met; None where there is none.
    bar: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        return f"{self.what}: " + "; ".join(f"{name} {figure}" for name, figure in self.figures.items())

    def as_json(self) -> dict[str, Any]:
        """JSON value."""
        figures = {name: asdict(f) if isinstance(f, Figure) else f for name, f in self.figures.items()}
        return {
            "what": self.what,
            "figures": _finite(figures),
            "bar": self.bar,
            "met": None if self.met is None else bool(self.met),
        }


class Table(Struct, frozen=True, kw_only=True):
    """A titled list of rows."""

    name: str
    title: str
    #: Often still to be measured, one by one.
    rows: Iterable[Row]
    note: str = ""
    #: Whether the rows have the same figures, each with its column; otherwise they share one.
    columns: bool = True

    def as_json(self, told: Callable[[Row, dict[str, Any]], None] = lambda _row, _table: None) -> dict[str, Any]:
        """JSON value; measures, and hands out each row and the table so far as they are there."""
        rows: list[dict[str, Any]] = []
        table = {"name": self.name, "title": self.title, "note": self.note, "columns": self.columns, "rows": rows}
        for row in self.rows:
            rows.append(row.as_json())
            told(row, table)
        return table


def markdown(table: dict[str, Any]) -> str:
    """A table, as its JSON has it, in Markdown."""
    names = list(dict.fromkeys(name for row in table["rows"] for name in row["figures"]))
    bars = any(row["bar"] for row in table["rows"])
    head = [table["title"], *(names if table["columns"] else ["measured"]), *(["bar", "met"] if bars else [])]
    lines = [_line(head), _line(["---"] * len(head))]
    for row in table["rows"]:
        if table["columns"]:
            cells = [_cell(row["figures"].get(name, "")) for name in names]
        else:
            found = row["figures"].items()
            cells = ["; ".join(f"{name} {_cell(figure)}".removeprefix("measured ") for name, figure in found)]
        if bars:
            cells += [row["bar"], {True: "yes", False: "**no**", None: ""}[row["met"]]]
        lines.append(_line([row["what"], *cells]))
    return "\n".join(lines) + (f"\n\n{table['note']}" if table["note"] else "")


def rate(count: int, years: float, unit: str = "metric-years") -> Figure:
    """Events a year with the exact Poisson interval."""
    low = float(gammaincinv(count, 0.025)) if count else 0.0
    high = float(gammaincinv(count + 1, 0.975))
    basis = f"{count} in {years:,.0f} {unit}"
    return Figure(value=count / years, low=low / years, high=high / years, basis=basis)


def share(count: int, of: int, what: str = "") -> Figure:
    """A share with Clopper's and Pearson's interval."""
    low = float(betaincinv(count, of - count + 1, 0.025)) if count else 0.0
    high = float(betaincinv(count + 1, of - count, 0.975)) if count < of else 1.0
    return Figure(value=count / of if of else math.nan, low=low, high=high, basis=f"{count} of {of} {what}".strip())


def quantile(values: Sequence[float], q: float) -> Figure:
    """A quantile with the interval between two order statistics; values may be infinite (never found)."""
    if not values:
        return Figure(value=math.inf, low=math.inf, high=math.inf, basis="0")
    ordered = sorted(values)
    value = ordered[min(len(ordered) - 1, math.ceil(q * len(ordered)) - 1)]
    _, low, high = quantile_interval([min(found, _NEVER) for found in ordered], q, 0.95)
    low, high = (math.inf if end >= _NEVER else max(end, ordered[0]) for end in (low, high))
    return Figure(value=value, low=low, high=high, basis=f"{len(ordered)} streams")


def mean(values: Sequence[float], what: str = "") -> Figure:
    """A mean with the normal interval."""
    array = np.asarray(values, float)
    half = 1.96 * float(array.std(ddof=1)) / math.sqrt(len(array)) if len(array) > 1 else math.inf
    value = float(array.mean())
    return Figure(value=value, low=value - half, high=value + half, basis=f"{len(array)} {what}".strip())


def generator(*name: object) -> np.random.Generator:
    """The random numbers of one cell of one table. The year of the seed is not one that anything was tuned on."""
    return np.random.Generator(np.random.SFC64([2027, zlib.crc32(repr(name).encode())]))


def scaled(full: int, scale: float, least: int = 4) -> int:
    """So many streams (or repetitions) at this scale."""
    return max(least, round(full * scale))


def short(value: float) -> str:
    """Three digits or so."""
    if math.isinf(value):
        return "never"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return value


def _cell(figure: dict[str, Any] | str) -> str:
    if isinstance(figure, str):
        return figure
    value, low, high = (math.inf if figure[part] is None else figure[part] for part in ("value", "low", "high"))
    return f"{short(value)} ({short(low)} to {short(high)})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
