"""``python -m benchmarks.quarter [--quarters N] [--json] [--keep]``: what a quarter on call is like."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.detection.counting import Row, Table, generator, markdown
from benchmarks.detection.docs import filled
from benchmarks.quarter.house import Heard, Quarter, play, watch_of
from benchmarks.quarter.measured import measured
from benchmarks.quarter.story import EVENTS, JUDGE_AT, WATCHES, Event, Story
from watchdog.alert.story import News

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
PAGE = HERE.parents[1] / "docs" / "operating-characteristics.md"
#: Looks after the end of an event for which what opens is still taken for it: evidence is late, and ends are late.
_AFTER = 12
#: Messages an incident should not exceed.
_MESSAGES = 4

NOTE = (
    "20 watches on three providers and two teams, hourly looks of 60 cases on current and pinned; 8 metrics each: "
    "five checks, two judged ones (anchors graded daily and when in doubt) and the latency; 48 baseline looks, the "
    "default policy and budget (one false alarm in 90 days over everything). Weather (0.2 on the logit, correlated "
    "0.3) and a daily wave (0.15; 15 % of the latency) hit both arms; 15 % of the looks are partial. 40 deploys do no "
    "harm; on day 38 the judge of all watches is upgraded (4 points lower, on its anchors too). Real detectors, "
    "correlation, policy, incidents and messages, on a virtual clock."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, count, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quarter", description=__doc__)
    parser.add_argument("--quarters", type=int, default=1, help="quarters to play, each with noise of its own")
    parser.add_argument("--first", type=int, default=0, help="number of the first of them")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--log", action="store_true", help="also every message of a quarter, one a line, to stderr")
    parser.add_argument("--keep", action="store_true", help="keep the table, and put it into the document")
    given = parser.parse_args(arguments)
    quarters = []
    for number in range(given.first, given.first + given.quarters):
        quarters.append(played(number))
        print(f"quarter {number} is played", file=sys.stderr)
    title = _title(given.quarters)
    table = Table(name="quarter", title=title, rows=rows(quarters), note=NOTE, columns=False).as_json()
    table["command"] = f"python -m benchmarks.quarter --quarters {given.quarters} --keep"
    table["date"] = f"{datetime.now(UTC):%Y-%m-%d}"
    if given.log:
        for number, quarter in enumerate(quarters, given.first):
            _log(number, quarter)
    if given.keep:
        (RESULTS / "quarter.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), RESULTS), encoding="utf-8")
    print(json.dumps(table, indent=1) if given.json else markdown(table))
    return 0


def played(number: int) -> Quarter:
    """One quarter with its own noise and deploys."""
    rng = generator("quarter", number)
    story = Story.told(rng)
    watches = [watch_of(each) for each in range(WATCHES)]
    return play(watches, measured([watch.name for watch in watches], story, rng), story, number)


def _log(number: int, quarter: Quarter) -> None:
    for heard in quarter.heard:
        alert = heard.telling.alert
        about = f"{alert.labels.get('alertname')} {alert.labels.get('metric', '')}".strip()
        day, hour = divmod(heard.look, 24)
        effect = alert.annotations.get("effect")
        print(
            f"{number} day {day:2} {hour:02}h {heard.telling.channel:5} {heard.incident} watch-{heard.watch:02} "
            f"{alert.severity:6} {heard.telling.news}: {about}; {alert.cause}; effect {effect}",
            file=sys.stderr,
        )


def _title(quarters: int) -> str:
    return "a quarter on call" if quarters == 1 else f"{quarters} quarters on call, each of them"


def rows(quarters: Sequence[Quarter]) -> list[Row]:
    """The figures, of each quarter side by side."""
    woken = [[each for each in quarter.heard if _wakes(each)] for quarter in quarters]
    false = [
        [each for each in pages if not _explained(each, quarter)]
        for pages, quarter in zip(woken, quarters, strict=True)
    ]
    found = [
        Row(what="pages (somebody is woken)", figures=_each(map(len, woken))),
        Row(
            what="of these false",
            figures=_each(map(len, false)),
            bar="<= 1 a quarter",
            met=all(len(pages) <= 1 for pages in false),
        ),
        Row(
            what="of the false ones, by the judge's upgrade",
            figures=_each(sum(JUDGE_AT <= page.look < JUDGE_AT + 240 for page in pages) for pages in false),
        ),
    ]
    for event in EVENTS:
        delays = [_delay(event, quarter, pages) for quarter, pages in zip(quarters, woken, strict=True)]
        found.append(
            Row(
                what=f"{event.name}: hours to the page",
                figures=_each("missed" if hours is None else hours for hours in delays),
                bar="not missed",
                met=None not in delays,
            )
        )
    messages = [_messages(quarter) for quarter in quarters]
    rang = [
        [n for incident, n in counts.items() if _rang(quarter, incident)]
        for counts, quarter in zip(messages, quarters, strict=True)
    ]
    return [
        *found,
        Row(
            what="messages an incident that paged (beginning, news, end): most; median",
            figures=_each(f"{max(n, default=0)}; {median(n) if n else 0:g}" for n in rang),
            bar=f"<= {_MESSAGES}",
            met=all(max(n, default=0) <= _MESSAGES for n in rang),
        ),
        Row(
            what="messages of any incident, tickets too: most",
            figures=_each(max(counts.values(), default=0) for counts in messages),
            bar=f"<= {_MESSAGES}",
            met=all(max(counts.values(), default=0) <= _MESSAGES for counts in messages),
        ),
        Row(what="incidents that were tickets only", figures=_each(_tickets(quarter) for quarter in quarters)),
        Row(
            what="the same through Alertmanager's generated routes: groups that paged; notifications of them",
            figures=_each(f"{sum(g.opens for g in q.grouped)}; {len(q.grouped)}" for q in quarters),
        ),
    ]


def _each(values: Any) -> dict[str, Any]:
    return {"measured": ", ".join(str(value) for value in values)}


def _wakes(heard: Heard) -> bool:
    """The pager is told of something it did not know: what it knows, it only goes on with."""
    return heard.telling.channel == "pager" and heard.telling.news is News.OPENED


def _explained(page: Heard, quarter: Quarter) -> bool:
    """Whether an event was on, or just over, at one of the watches of the incident."""
    watches = quarter.members.get(page.incident, {page.watch})
    return any(
        event.watches & watches and event.begin <= page.look < event.end + _AFTER and _of_its_kind(event, page)
        for event in EVENTS
    )


def _of_its_kind(event: Event, page: Heard) -> bool:
    infra = page.telling.alert.labels.get("alert_type") == "infra"
    return infra == bool(event.down)


def _delay(event: Event, quarter: Quarter, pages: Sequence[Heard]) -> int | None:
    """Looks (hours) from the beginning of an event to its first page, the first counted as 1."""
    for page in pages:
        concerned = quarter.members.get(page.incident, {page.watch}) & event.watches
        if concerned and event.begin <= page.look < event.end and _of_its_kind(event, page):
            return page.look - event.begin + 1
    return None


def _messages(quarter: Quarter) -> Counter[str]:
    return Counter(heard.incident for heard in quarter.heard if heard.telling.channel == "chat")


def _rang(quarter: Quarter, incident: str) -> bool:
    told = quarter.incidents[incident].told.get("pager")
    return told is not None and told.times > 0


def _tickets(quarter: Quarter) -> int:
    return sum(not _rang(quarter, incident) for incident in _messages(quarter))


if __name__ == "__main__":
    raise SystemExit(main())
