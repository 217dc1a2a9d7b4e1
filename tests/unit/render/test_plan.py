"""Plans in words, bars and a drawing; what is not found or not known says so."""

import xml.etree.ElementTree as ET

import pytest
from msgspec.structs import replace

from watchdog.domain.case import Estimand
from watchdog.render.plan_page import delay_chart, plan_html
from watchdog.render.plan_terminal import in_words, setting, show_plan, smallest
from watchdog.render.plan_view import DelayView, DesignView, HorizonView, MetricPlanView, PlanView
from watchdog.render.terminal import console
from watchdog.render.words import stretch


def delay(drop, typical=None, late=None, *, pages=True, every=1800.0):
    seconds = (None if looks is None else looks * every for looks in (typical, late))
    first, last = seconds
    return DelayView(drop=drop, typical=typical, late=late, typical_seconds=first, late_seconds=last, pages=pages)


def metric(*delays, name="helpful"):
    return MetricPlanView(
        metric=name, smallest_drop=0.03, estimand=Estimand.GOLDEN_SET, level=0.9, cases=30, spread=0.045,
        within=0.04, between=0.02,
        correlation=0.0, looks=0, seen=None, assumed=("runs",), mean_runs=4320.0, false_pages=1.0, delays=delays,
        horizons=(HorizonView(name="1 day", looks=48, typical=None, late=None),), curve=delays,
    )  # fmt: skip


def design(what="today", **changes):
    view = DesignView(
        what=what, cases=30, repeats=1, every=1800.0, pinned_every=1, calls_a_day=2880.0, money_a_day=None,
        delay=delay(0.03, 20, 41),
    )  # fmt: skip
    return replace(view, **changes)


def plan(*metrics, **changes):
    view = PlanView(
        watch="reply", source="Assumed.", smallest_drop=0.03, today=design(), requested=1.0, expected=1.0,
        metrics=metrics, changes=(design("60 cases"),), advice="Look more often.",
    )  # fmt: skip
    return replace(view, **changes)


NORMAL = metric(delay(0.02, 100, 300, pages=False), delay(0.05, 20, 41), delay(0.2, 3, 3))
NOTHING = metric(delay(0.02), delay(0.05), delay(0.2))


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (delay(0.05, 20, 41), "20 to 41 looks\n10 h to 20 h"),
        (delay(0.2, 3, 3), "3 looks\n1.5 h"),
        (delay(0.05, 20), "20 or more looks\n10 h to over 3 months"),
        (delay(0.02, 100, 300, pages=False), "(100 to 300 looks\n2.1 days to 6.2 days)"),
        (delay(0.05), "over 3 months"),
    ],
)
def test_a_delay_in_words(view, words):
    assert in_words(view) == words


def test_the_smallest_drop_in_words():
    assert smallest(HorizonView(name="", looks=1, typical=None, late=None)) == "nothing"
    assert smallest(HorizonView(name="", looks=1, typical=0.1, late=None)) == "10 at best"
    assert smallest(HorizonView(name="", looks=1, typical=0.043, late=0.061)) == "4.3 to 6.1"
    assert smallest(HorizonView(name="", looks=1, typical=0.1, late=0.1001)) == "10"


def test_a_design_in_words():
    assert setting(design()) == "30 cases every 30 min, pinned in each"
    assert setting(design(repeats=3, pinned_every=48)) == "30 cases x 3 answers every 30 min, pinned in 1 of 48"
    assert setting(design(pinned_every=0)).endswith("no pinned control")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"), (40.0, "40 s"), (300.0, "5 min"), (3600.0, "1 h"), (7200.0, "2 h"), (9000.0, "2.5 h"),
        (172_800.0, "2 days"), (12 * 86_400.0, "12 days"), (4 * 604_800.0, "4 weeks"),
    ],
)  # fmt: skip
def test_lengths_of_time_as_people_plan(seconds, words):
    assert stretch(seconds) == words


@pytest.mark.parametrize("view", [plan(NORMAL), plan(NOTHING), plan(NORMAL, NOTHING, budget=3.0)], ids=range(3))
def test_plans_of_every_kind_are_shown(view, capsys):
    show_plan(view, console())
    said = capsys.readouterr().out
    assert "unknown" in said
    assert "Look more often." in said
    assert ("No design for $3.00 a day" in said) == (view.budget is not None)
    page = plan_html(view)
    assert "unknown" in page
    assert "Look more often." in page


def test_hostile_names_are_text_on_the_page():
    assert "<script>" not in plan_html(plan(metric(delay(0.1, 3, 4), name="<script>alert(1)</script>"), watch="<b>"))


@pytest.mark.parametrize("shown", [NORMAL, NOTHING])
@pytest.mark.parametrize("width", [9.0, 4.1])
def test_the_chart_is_well_formed_and_names_what_it_shows(shown, width):
    drawing = delay_chart(shown, width=width)
    texts = {element.text for element in ET.fromstring(drawing.replace("xlink:href", "href")).iter("text")}
    assert {"drop, points", "smallest drop that pages"} <= texts
    assert "var(--worse)" in drawing
