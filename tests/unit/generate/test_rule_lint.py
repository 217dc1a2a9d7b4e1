from pathlib import Path

from watchdog.generate.rule_lint import lint_rules

FINE = """
groups:
- name: mine
  rules:
  - record: a:b
    expr: sum(rate(c[5m]))
  - alert: Slow
    expr: histogram_quantile(0.95, sum by (le) (rate(answers_bucket[5m]))) > 3
    labels: {alert_type: infra, severity: page}
    annotations: {runbook_url: "https://example.com/slow"}
"""


def said(text):
    return [(problem.line, problem.field, problem.message) for problem in lint_rules(Path("rules.yml"), text)]


def test_a_rule_that_says_whose_it_is_and_what_to_do_is_fine():
    assert said(FINE) == []


def test_a_rule_without_a_type_is_refused():
    assert said(FINE.replace("alert_type: infra, ", "")) == [
        (9, "groups[0].rules[1].labels.alert_type", "has no alert_type")
    ]


def test_a_type_and_a_severity_that_nobody_knows_are_refused():
    messages = [message for _, _, message in said(FINE.replace("infra", "ml").replace("page", "p1"))]
    assert messages == ["alert_type 'ml' is none we know", "severity 'p1' is none we know"]


def test_a_page_without_a_runbook_is_refused_and_a_ticket_is_not():
    bare = FINE[: FINE.index("    annotations")]
    assert said(bare) == [(9, "groups[0].rules[1].annotations.runbook_url", "a page without a runbook")]
    assert said(bare.replace("severity: page", "severity: ticket")) == []


def test_a_tool_alert_names_its_tool():
    assert [message for *_, message in said(FINE.replace("infra", "tool"))] == ["a tool alert names no tool_name"]


def test_a_quantile_of_bare_counters_is_refused():
    bare = FINE.replace("sum by (le) (rate(answers_bucket[5m]))", "answers_bucket")
    assert [message for *_, message in said(bare)] == ["takes the quantile of counters that only ever grow"]


def test_what_is_no_rule_file_says_so():
    assert "is not a rule file" in said("a: 1")[0][2]
    assert "YAML" in said("groups: [")[0][2]
