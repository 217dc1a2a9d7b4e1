import xml.etree.ElementTree as ET

import pytest
from msgspec.structs import replace

from watchdog.domain.metric import Better
from watchdog.render.chart import chart, running_mean, smoothing
from watchdog.render.views import Marker, MarkerKind, MetricSeriesView


def test_the_drawing_is_well_formed_text_stays_text_and_colours_are_the_pages(series):
    drawing = chart(series())
    root = ET.fromstring(drawing.replace("xlink:href", "href"))
    texts = {element.text for element in root.iter("text")}
    assert {"90 %", "evidence", "alarm", "1", "2", "3"} <= texts
    assert "var(--current)" in drawing
    assert "#0102" not in drawing
    assert "http" not in drawing


def test_the_same_series_gives_the_same_drawing_and_salt_keeps_names_apart(series):
    assert chart(series()) == chart(series())
    assert chart(series(), salt="a") != chart(series(), salt="b")


@pytest.mark.parametrize(
    "view",
    [
        MetricSeriesView(name="nothing", times=(), level=()),
        MetricSeriesView(name="one", times=(1_788_000_000.0,), level=(0.5,)),
        MetricSeriesView(name="unknown", times=(1.0, 2.0), level=(None, None), evidence=(None, None)),
        MetricSeriesView(name="lower", times=(1.0, 9e7), level=(0.1, 0.2), better=Better.LOWER, evidence=(0.1, 900.0)),
        MetricSeriesView(name="negative", times=(1.0, 4000.0), level=(-0.3, 0.2), threshold=5.0, evidence=(-90.0, 2.0)),
        MetricSeriesView(name="<&\"'$x^2$", times=(1.0, 200_000.0), level=(0.3, 0.2)),
    ],
    ids=lambda view: view.name[:8],
)
@pytest.mark.parametrize("width", [9.0, 4.1])
def test_odd_series_are_drawn_too(view, width):
    ET.fromstring(chart(view, width=width).replace("xlink:href", "href"))


def test_events_close_together_get_their_numbers_on_two_rows(series):
    root = ET.fromstring(chart(series()).replace("xlink:href", "href"))
    places = {
        element.text: element.get("style", "") + element.get("transform", "") + str(element.attrib)
        for element in root.iter("text")
        if element.text in {"2", "3"}
    }
    assert places["2"] != places["3"]


def test_a_running_mean_knows_no_future_and_keeps_gaps():
    assert running_mean([1.0, None, 0.0, 1.0], 2) == [1.0, None, 0.0, 0.5]
    assert running_mean([0.0, 0.0, 1.0], 2)[:2] == [0.0, 0.0]
    assert smoothing(60) == 1
    assert smoothing(336) == 7


def test_what_happened_before_the_first_look_takes_no_room(series):
    early = Marker(at=1.0, kind=MarkerKind.NOTE, label="baseline")
    drawing = chart(replace(series(), markers=(early, *series().markers)))
    texts = {element.text for element in ET.fromstring(drawing.replace("xlink:href", "href")).iter("text")}
    assert "1" not in texts
    assert {"2", "3", "4"} <= texts
