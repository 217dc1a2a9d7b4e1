"""The control: where the baseline arm's answers come from. Asked now unless the user says otherwise.

Answers of before save half of the calls, and cost what makes a gate trustworthy: both arms no longer meet the same
weather. The report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from watchdog.app.build import App
from watchdog.domain.response import Response, ResponseKey
from watchdog.domain.run import RunStatus
from watchdog.domain.target import Role
from watchdog.errors import NotMeasured
from watchdog.gate.ledger import as_this_gates, request_key
from watchdog.gate.streams import BASELINE
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.subject import subject_of
from watchdog.replay.stage import WorkItem
from watchdog.store.store import Session

#: Past looks that tell whose answers flip.
_PAST_LOOKS = 8

Find = Callable[[Sequence[WorkItem]], Mapping[ResponseKey, Response]]


class Control:
    """Hands over answers of before, and remembers which request each answer belongs to."""

    def __init__(
        self,
        *,
        flips: Mapping[str, float],
        key_of: Callable[[WorkItem], str],
        find: Find = lambda _items: {},
        source: str = "concurrent",
    ) -> None:
        """``find`` gives stored answers of a request; ``flips``: variance of an answer's score by case, in the past."""
        self.flips = flips
        self._key_of = key_of
        self._find = find
        self._source = source
        self._keys: dict[ResponseKey, str] = {}
        self._reused = 0
        self._oldest: float | None = None

    def reuse(self, items: Sequence[WorkItem]) -> Iterable[Response]:
        """Answers of before for some of the calls: of the baseline's first answers, never of repeats."""
        first = [item for item in items if item.key.repeat == 0]
        self._keys |= {item.key: self._key_of(item) for item in first}
        found = self._find([item for item in first if item.key.role is BASELINE])
        self._reused += len(found)
        for response in found.values():
            self._oldest = response.at if self._oldest is None else min(self._oldest, response.at)
        return [as_this_gates(response, key) for key, response in found.items()]

    def at_hand(self, items: Sequence[WorkItem]) -> frozenset[str]:
        """Cases whose first answer of the baseline need not be asked for."""
        first = [item for item in items if item.key.repeat == 0 and item.key.role is BASELINE]
        return frozenset(key.case_id for key in self._find(first))

    def fresh(self, responses: Iterable[Response]) -> dict[ResponseKey, str]:
        """Request keys of the answers that were given now."""
        return {
            response.key: self._keys[response.key]
            for response in responses
            if response.answered and response.attempts and response.key in self._keys
        }

    def in_words(self, now: float) -> str:
        """``concurrent``, or what stood in for the baseline and how old it is."""
        if not self._reused or self._oldest is None:
            return "concurrent"
        hours = max(0.0, now - self._oldest) / 3600
        return f"{self._reused} of the baseline's answers are from {self._source}, up to {hours:.1f} h old"


def asked_now(app: App, built: BuiltWatch) -> Control:
    """Everything is asked now."""
    with app.store.read() as session:
        return Control(flips=flips_of(session, built), key_of=_key_of(app))


def from_cache(app: App, built: BuiltWatch, since: float) -> Control:
    """Answers of earlier gates to the very same requests, not older than ``since``."""
    key_of = _key_of(app)

    def find(items: Sequence[WorkItem]) -> dict[ResponseKey, Response]:
        keys = {item.key: key_of(item) for item in items}
        with app.store.read() as session:
            known = session.gates.answers(set(keys.values()), since)
        return {place: known[key] for place, key in keys.items() if key in known}

    with app.store.read() as session:
        flips = flips_of(session, built)
    return Control(flips=flips, key_of=key_of, find=find, source="earlier gates")


def from_look(app: App, built: BuiltWatch, since: float) -> Control:
    """The answers of the newest look that asked this baseline with today's cases.

    Raises:
        NotMeasured: there is none.
    """
    with app.store.read() as session:
        found = _look(session, built, since)
        if found is None:
            raise NotMeasured(
                "no look of the time asked for measured this baseline with today's golden set; "
                "leave --baseline-from-daemon out"
            )
        look, known = found
        flips = flips_of(session, built, without=look)
    return Control(flips=flips, key_of=_key_of(app), find=_finder(known), source=f"look {look}")


def _look(session: Session, built: BuiltWatch, since: float) -> tuple[str, dict[tuple[str, int], Response]] | None:
    """The newest such look, and its answers by case and repeat."""
    ours = subject_of(built.watch, ())
    target = built.watch.targets[BASELINE]
    for look in reversed(session.runs.of_watch(built.watch.name, since=since, statuses=[RunStatus.FINISHED])):
        if look.instruments.golden_set != built.instruments.golden_set:
            continue
        role = (
            Role.CURRENT
            if look.subject.same_target(ours)
            else Role.PINNED
            if look.instruments.pinned == target.digest
            else None
        )
        if role is None:
            continue
        known = {
            (answer.key.case_id, answer.key.repeat): answer
            for answer in session.responses.of_run(look.id)
            if answer.key.role is role and answer.answered and answer.text
        }
        if known:
            return look.id, known
    return None


def _finder(known: Mapping[tuple[str, int], Response]) -> Find:
    def find(items: Sequence[WorkItem]) -> dict[ResponseKey, Response]:
        places = {item.key: (item.key.case_id, item.key.repeat) for item in items}
        return {key: known[place] for key, place in places.items() if place in known}

    return find


def flips_of(session: Session, built: BuiltWatch, *, without: str = "") -> dict[str, float]:
    """Variance of the scores that each case had in the newest looks, over the scorer that varies most.

    Looks of other cases or scorers than today's say nothing.
    """
    looks = [
        look
        for look in session.runs.of_watch(built.watch.name, statuses=[RunStatus.FINISHED], last=_PAST_LOOKS)
        if look.id != without and not look.instruments.differences(built.instruments)
    ]
    seen: dict[tuple[str, str], list[float]] = {}
    for look in looks:
        for row in session.scores.of_run(look.id):
            if row.key.role is Role.CURRENT and row.score.value is not None:
                seen.setdefault((row.key.case_id, row.scorer), []).append(row.score.value)
    flips: dict[str, float] = {}
    for (case, _), values in seen.items():
        mean = sum(values) / len(values)
        flips[case] = max(flips.get(case, 0.0), sum((value - mean) ** 2 for value in values) / len(values))
    return flips


def _key_of(app: App) -> Callable[[WorkItem], str]:
    plans = {name: {"kind": plan.kind, **plan.arguments} for name, plan in app.settings.providers.items()}
    return lambda item: request_key(item, plans.get(item.provider, {}))
