"""A gate's report as JUnit XML: a test case for each metric and tag, and for each case that must pass.

A regression is a failure, what was not measured an error, what is undecided a skipped test that says so.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from watchdog.domain.gate import GateMetric, GateReport, GateVerdict, Standing
from watchdog.render.gate import catches_words, change_words, facts, metric_name, span_words
from watchdog.render.words import harmless, one_line, score

#: Characters that XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Characters of an answer that are kept.
_ANSWER = 500


def gate_junit(report: GateReport) -> str:
    """The XML document."""
    suites = Element("testsuites", name="eval-watchdog gate")
    suite = SubElement(suites, "testsuite", name=_plain(f"gate {report.watch}"), time=f"{report.seconds:.3f}")
    verdict = _case(suite, report, "verdict")
    said = _plain("; ".join(report.reasons))
    if report.verdict is GateVerdict.REGRESSION:
        SubElement(verdict, "failure", message=said, type="regression").text = _plain("\n".join(facts(report)))
    elif report.verdict is GateVerdict.NOT_MEASURED:
        SubElement(verdict, "error", message=said, type="not measured").text = _plain("\n".join(facts(report)))
    elif report.verdict is GateVerdict.INCONCLUSIVE:
        SubElement(verdict, "skipped", message=f"inconclusive: {said}")
    for metric in report.metrics:
        if metric.margin is not None:
            _metric(suite, report, metric)
    for rule in report.broken:
        case = _case(suite, report, f"must-pass {rule.case_id}: {rule.metric}")
        SubElement(case, "failure", message=_plain(rule.reason or "not passed"), type="must-pass")
    for kind in ("failure", "error", "skipped"):
        count = str(len(suite.findall(f"testcase/{kind}")))
        suite.set({"failure": "failures", "error": "errors"}.get(kind, kind), count)
    suite.set("tests", str(len(suite.findall("testcase"))))
    indent(suites)
    document: str = tostring(suites, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{document}\n'


def _metric(suite: Element, report: GateReport, metric: GateMetric) -> None:
    case = _case(suite, report, metric_name(metric))
    said = (
        f"{metric.standing}: {change_words(metric)} [{span_words(metric)}], would have caught {catches_words(metric)}"
    )
    if metric.standing is Standing.WORSE:
        failure = SubElement(case, "failure", message=_plain(said), type="regression")
        failure.text = _plain(_flips(report, metric))
    elif metric.standing is Standing.NOT_MEASURED and metric.required:
        SubElement(case, "error", message=_plain(said), type="not measured")
    elif metric.standing is Standing.UNDECIDED and metric.required:
        SubElement(case, "skipped", message=_plain(said))
    else:
        SubElement(case, "system-out").text = _plain(said)


def _flips(report: GateReport, metric: GateMetric) -> str:
    lines = []
    for flip in report.flips:
        if flip.metric == metric.name and (not metric.tag or metric.tag in flip.tags):
            lines.append(f"{flip.case_id}: {score(flip.before)} -> {score(flip.after)}: {one_line(flip.reason, 200)}")
            lines.append(f"  - {one_line(flip.baseline_text, _ANSWER)}")
            lines.append(f"  + {one_line(flip.candidate_text, _ANSWER)}")
    return "\n".join(lines)


def _case(suite: Element, report: GateReport, name: str) -> Element:
    return SubElement(suite, "testcase", classname=_plain(f"gate.{report.watch}"), name=_plain(name))


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("", harmless(text))
