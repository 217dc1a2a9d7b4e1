import re
from html.parser import HTMLParser

from msgspec.structs import replace

from watchdog.render.metric_page import metric_html
from watchdog.render.report import report_html
from watchdog.render.views import MetricSeriesView, ReportView, Tone

LOADS = ("src", "href", "action", "data", "poster", "srcset", "xlink:href", "background", "formaction")


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.loads, self.handlers, self.text = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in LOADS]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        self.text.append(data)


def test_it_loads_nothing_and_runs_nothing_whatever_it_shows(report_view):
    html = report_html(report_view)
    page = Page(html)
    assert not {"script", "img", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert not page.handlers
    assert all(re.fullmatch(r"#\w+|data:,", target) for target in page.loads)
    assert "url(" not in html.replace("url(#", "")
    assert "@import" not in html
    assert "default-src 'none'" in html
    # The only addresses left are text that a model wrote.
    assert set(re.findall(r"https?://[\w.]+", html)) == {"http://evil.example"}


def test_hostile_text_is_shown_as_text(report_view):
    html = report_html(report_view)
    assert "<script" not in html
    assert "&lt;script&gt;alert(" in html
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_the_headline_the_story_and_the_flipped_words_are_there(report_view):
    html = report_html(report_view)
    text = " ".join("".join(Page(html).text).split())
    assert "Worse <script>" in text
    assert "<del>30</del>" in html
    assert "<ins>14</ins>" in html
    assert "2 more flipped and are not shown." in text
    assert "unscored" in text
    assert "<code>eval-watchdog scores x</code>" in html
    assert "on this golden set" in text
    assert "$0.0123" in text
    assert "unknown" in text


def test_every_metric_is_drawn_for_wide_and_narrow_screens(report_view):
    html = report_html(report_view)
    assert html.count("<svg") == 2 * len(report_view.metrics)
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) > 4
    assert set(re.findall(r'(?:url\(|href=")#(\w+)', html)) <= set(ids)


def test_an_alert_says_its_sentences_before_its_short_facts_and_its_cause_once(report_view):
    said = {"n": "40", "cause": "the judge moved", "zeal": "long " * 30, "next_command": "do x", "summary": "It is so."}
    alert = replace(report_view.alerts[0], annotations=said, cause="the judge moved")
    text = " ".join(" ".join(Page(report_html(replace(report_view, alerts=(alert,), metrics=()))).text).split())
    places = [text.index(word) for word in ("the judge moved", "It is so.", "do x", "zeal", "n 40")]
    assert places == sorted(places)
    assert text.count("the judge moved") == 1


def test_an_endless_answer_is_cut_and_says_so(report_view):
    case = replace(report_view.flipped[0], after="word " * 5000)
    html = report_html(replace(report_view, flipped=(case,), metrics=()))
    assert "(19000 more characters)" in html


def test_a_report_of_nothing_is_a_page():
    html = report_html(ReportView(title="x", verdict="Nothing yet.", tone=Tone.CALM, generated_at=0.0))
    assert "None in this period." in html


def test_one_metric_has_a_page_of_its_own(series):
    html = metric_html(series("a<b"))
    assert "<h1>a&lt;b</h1>" in html
    assert html.count("<svg") == 2
    assert "No look has measured it yet" in metric_html(MetricSeriesView(name="x", times=(), level=()))
