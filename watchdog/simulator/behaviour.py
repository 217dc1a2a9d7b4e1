"""The knobs of a simulated model."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from watchdog.errors import UsageError

#: Faults beside HTTP status codes. ``empty``: 200 without a body. ``garbage``: 200 with a page of HTML.
#: ``hang``: no answer, ever. ``drop``: the connection breaks. ``quota``: 429 that will not go away today.
NAMED_FAULTS = ("empty", "garbage", "hang", "drop", "quota")

_SHARES = {"quality", "refusals", "recall", "judge_noise", "judge_unparsable"}
_TABLES = {"tags", "needs", "faults", "tool_failures", "headroom"}
_OPTIONAL = {"fingerprint", "capacity"}


class Behaviour(Struct, frozen=True, kw_only=True):
    """How one served model behaves. Shares are probabilities, 0 to 1."""

    #: Mean probability that a case of the golden sets is answered well.
    quality: float = 0.9
    #: How unlike in difficulty the cases are: at 0 every case fails equally often; at 3 it is nearly always the same
    #: cases that fail. Standard deviation of a case's difficulty in probits.
    spread: float = 1.5
    #: Quality of cases with a tag, in place of ``quality``: a drop in one slice only.
    tags: Mapping[str, float] = field(default_factory=dict)
    #: Quality when the system prompt lacks a phrase, by phrase: a prompt that slipped.
    needs: Mapping[str, float] = field(default_factory=dict)
    #: As an agent: probability that each right document is found; another one stands in for it otherwise, and an answer
    #: that lacks a document is a bad one. Retrieved text relative to the usual.
    recall: float = 1.0
    context: float = 1.0
    #: Probability that the model refuses, whatever the case.
    refusals: float = 0.0
    #: Length of prose relative to the usual: 2 says everything and as much again.
    verbosity: float = 1.0
    #: Median seconds before an answer, and the standard deviation of its logarithm.
    latency: float = 0.0
    latency_spread: float = 0.0
    #: Probability of each fault: an HTTP status ("429", "500") or one of NAMED_FAULTS.
    faults: Mapping[str, float] = field(default_factory=dict)
    #: Retry-After of 429, 503 and 529, seconds; 0 sends none.
    retry_after: float = 1.0
    #: Calls in flight above which the model answers 429; None: no limit.
    capacity: int | None = None
    #: What is left of a limit, as a share of it, by limit (``requests``, ``tokens``): told in the headers of answers.
    headroom: Mapping[str, float] = field(default_factory=dict)
    #: Probability that a tool fails while the agent answers, by tool name.
    tool_failures: Mapping[str, float] = field(default_factory=dict)
    #: ``system_fingerprint`` of the answers; None derives one from the served model's name.
    fingerprint: str | None = None
    #: As a judge: probability that a grade lands one step off what the answer deserves.
    judge_noise: float = 0.05
    #: As a judge: steps of the scale added to every grade; -0.5 moves every second grade down one step.
    judge_shift: float = 0.0
    #: As a judge: probability of a verdict that nobody can parse.
    judge_unparsable: float = 0.0

    def patched(self, changes: Mapping[str, Any]) -> Behaviour:
        """This behaviour with some knobs turned; UsageError names the first knob that cannot be turned so."""
        return replace(self, **{name: _checked(name, value) for name, value in changes.items()})


_KNOBS = Behaviour.__struct_fields__


def _checked(name: str, value: Any) -> Any:
    """The value of a knob in its own type, or UsageError."""
    if name not in _KNOBS:
        close = get_close_matches(name, _KNOBS, n=1)
        raise UsageError(f"there is no knob {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    if name in _OPTIONAL and value is None:
        return None
    if name in _TABLES:
        return _table(name, value)
    if name == "fingerprint":
        return str(value)
    if name == "capacity":
        return int(_number(name, value, low=0))
    if name == "judge_shift":
        return _number(name, value)
    return _number(name, value, low=0, high=1 if name in _SHARES else None)


def _table(name: str, value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} is a table of probabilities by name")
    table = {str(key): _number(f"{name}.{key}", share, low=0, high=1) for key, share in value.items()}
    if name == "faults":
        for fault in table:
            if fault not in NAMED_FAULTS and not (fault.isdecimal() and 400 <= int(fault) <= 599):
                raise UsageError(f"unknown fault {fault!r}: an HTTP status from 400 to 599, {', '.join(NAMED_FAULTS)}")
        if sum(table.values()) > 1 + 1e-9:
            raise UsageError("the probabilities of all faults add up to more than 1")
    return table


def _number(name: str, value: Any, *, low: float | None = None, high: float | None = None) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{name} is a number, not {value!r}")
    if (low is not None and not value >= low) or (high is not None and not value <= high) or value != value:  # noqa: PLR0124 - NaN
        span = f"from {low:g} to {high:g}" if high is not None else f"at least {low}"
        raise UsageError(f"{name} is {span}, not {value!r}")
    return float(value)
