"""Production samples as cases: the newest of a JSONL file, sampled by id, redacted, without a reference to hold to.

What is chosen is a function of the file and of the time of the look: rows stamped later than the look are not seen,
so that a look that is repeated (after a crash, or in a replay of last month) meets the same cases. Within that, samples
that an earlier look of this process used come last.

Weights: a case stands for ``1 / p`` samples of the product's traffic, where p is the inclusion probability stored in
the row times the rate sampled at here. That only the newest ``per_run`` are looked at is no part of it: the numbers are
a statement about the newest traffic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

from msgspec import Struct
from msgspec.structs import asdict, replace

from watchdog.domain.case import Case, Estimand, Message, Origin
from watchdog.domain.digest import digest
from watchdog.errors import NotMeasured, Problem
from watchdog.text.log import Log
from watchdog.text.redaction import REDACTION_VERSION
from watchdog.traffic.redaction import pseudonym, redacted
from watchdog.traffic.rows import TrafficRow, parse_row
from watchdog.traffic.sampling import HeadSampler
from watchdog.traffic.tail import line_numbers, lines_from_end, with_rotated

_log = Log(__name__)

#: Rows read at one look at the most: a filter that hardly anything passes must not read a year of traffic.
_FARTHEST = 20_000
#: Malformed rows described at one look at the most; all of them are counted.
_DESCRIBED = 20
#: Samples remembered as used.
_REMEMBERED = 100_000
#: Facts of a row that go with its case, for slices and for finding the sample again.
_FACTS = (
    "sample_id", "ts", "source", "trace_id", "vertical", "provider", "request_model", "response_model",
    "prompt_version", "segment", "flags", "experiment", "stratum",
)  # fmt: skip


class TrafficLook(Struct, frozen=True, kw_only=True):
    """What one look at the file gave, and what became of the rows that gave nothing."""

    cases: tuple[Case, ...]
    #: Cases among them that no earlier look of this process used.
    fresh: int
    #: Rows read, from the newest on.
    examined: int
    #: How many of them gave no case, by reason.
    left_out: Counter[str]
    #: The first malformed rows, by file, line and field. A look goes on without them.
    problems: tuple[Problem, ...]

    @property
    def summary(self) -> str:
        """The numbers in one sentence."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.left_out.items()))
        return f"{self.examined} rows read, {len(self.cases)} cases" + (f"; {reasons}" if reasons else "")


@dataclass(slots=True)
class _Gathered:
    """A look in the making. Rows are held as they were written, no longer than the look takes."""

    fresh: dict[str, TrafficRow] = field(default_factory=dict)
    used: dict[str, TrafficRow] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    examined: int = 0


class TrafficSource:
    """A CaseSource over a JSONL file of canonical rows that the product appends to.

    ``path``: the file; when it has too few rows, the one it was last rotated to (``<path>.1``) is read on into.
    ``per_run``: cases of one look at the most. ``feature``: rows that name another feature are left out. ``rate`` and
    ``salt``: head sampling by trace (else sample) id, see ``HeadSampler``.

    ValueError when ``per_run`` or ``rate`` make no sense.
    """

    def __init__(
        self, path: str | Path, per_run: int, *, feature: str | None = None, salt: str = "", rate: float = 1.0
    ) -> None:
        if per_run < 1:
            raise ValueError("a look at traffic takes at least one case: per_run must be 1 or more")
        self._path = Path(path)
        self._per_run = per_run
        self._feature = feature
        self._salt = salt
        self._sampler = HeadSampler(rate=rate, salt=salt)
        #: Time of the look that first used a sample, by case id, oldest first.
        self._used: dict[str, float] = {}

    @property
    def estimand(self) -> Estimand:
        """Numbers from these cases are a statement about the product's traffic."""
        return Estimand.TRAFFIC

    def cases(self, now: float, rng: Random) -> Sequence[Case]:  # noqa: ARG002 - nothing here is left to chance
        """The cases of the look at Unix time ``now``. NotMeasured, with the reason, when there is none."""
        try:
            look = self.look(now)
        except OSError as error:
            raise NotMeasured(f"the traffic file {self._path} cannot be read: {error.strerror}") from error
        if look.problems:
            rows = look.left_out["malformed"]
            first = [str(problem) for problem in look.problems[:3]]
            _log.warning("traffic rows are malformed", action="traffic_malformed", rows=rows, first=first)
        if not look.cases:
            nothing = "is empty" if with_rotated(self._path) else "does not exist"
            raise NotMeasured(
                f"no traffic to replay: {look.summary}"
                if look.examined
                else f"no traffic to replay: {self._path} {nothing}"
            )
        return look.cases

    def look(self, now: float) -> TrafficLook:
        """The newest samples up to Unix time ``now``, unused ones first. OSError for a file that cannot be read."""
        gathered = _Gathered()
        for path in with_rotated(self._path):
            with path.open("rb") as file:
                self._gather(file, path.name, now, gathered)
        chosen = dict([*gathered.fresh.items(), *gathered.used.items()][: self._per_run])
        self._remember(chosen, now)
        return TrafficLook(
            cases=tuple(self._case(name, row) for name, row in chosen.items()),
            fresh=len(gathered.fresh),
            examined=gathered.examined,
            left_out=gathered.left_out,
            problems=tuple(gathered.problems),
        )

    def _gather(self, file: BinaryIO, file_name: str, now: float, gathered: _Gathered) -> None:
        """Add the rows of one file, newest first, until there are enough unused ones."""
        malformed: dict[int, tuple[Problem, ...]] = {}
        for line in lines_from_end(file):
            if len(gathered.fresh) >= self._per_run or gathered.examined >= _FARTHEST:
                break
            row = parse_row(line.text, file=file_name)
            if not isinstance(row, TrafficRow) and not line.finished:
                continue  # still being written; the next look will see it whole
            gathered.examined += 1
            if not isinstance(row, TrafficRow):
                gathered.left_out["malformed"] += 1
                if len(gathered.problems) + len(malformed) < _DESCRIBED:
                    malformed[line.offset] = row
                continue
            name = f"traffic-{pseudonym(row.sample_id, self._salt)}"
            if reason := self._reason_against(row, now) or ("repeated" if name in gathered.fresh else ""):
                gathered.left_out[reason] += 1
            elif self._used.get(name, now) == now:
                gathered.fresh[name] = row
            elif len(gathered.used) < self._per_run:
                gathered.used.setdefault(name, row)
        numbers = line_numbers(file, list(malformed))
        gathered.problems += [
            replace(problem, line=numbers[offset]) for offset, problems in malformed.items() for problem in problems
        ]

    def _reason_against(self, row: TrafficRow, now: float) -> str:
        if None not in (self._feature, row.feature) and row.feature != self._feature:
            return "of another feature"
        if row.ts > now:
            return "stamped later than this look"
        return "" if self._sampler.keeps(row.sampling_key) else "left out by sampling"

    def _remember(self, names: dict[str, Any], now: float) -> None:
        for name in names:
            self._used.setdefault(name, now)
        while len(self._used) > _REMEMBERED:
            self._used.pop(next(iter(self._used)))

    def _case(self, name: str, row: TrafficRow) -> Case:
        weight = row.weight / self._sampler.rate
        cluster = pseudonym(row.trace_id, self._salt) if row.trace_id else None
        clean = redacted(row)
        facts = {fact: value for fact in _FACTS if (value := getattr(clean, fact)) not in (None, {})}
        case = Case(
            id=name,
            messages=(Message(role="user", content=clean.input),) if isinstance(clean.input, str) else clean.input,
            variables={"input": clean.input} if isinstance(clean.input, str) else {},
            expected=clean.reference,
            contexts=clean.context,
            weight=weight,
            origin=Origin.TRAFFIC,
            cluster=cluster,
            metadata={**facts, "inclusion_probability": 1.0 / weight, "redaction_version": REDACTION_VERSION},
        )
        asked = [asdict(message) for message in case.messages]
        return replace(case, digest=digest([asked, dict(case.variables), case.contexts, case.expected]))
