import pytest

from watchdog.errors import UsageError
from watchdog.generate.alertmanager import alertmanager_config, alertmanager_text


def said(loaded):
    return [str(problem).partition("teams.yaml:")[2] for problem in loaded.problems]


def test_the_example_is_fine(written):
    assert written().problems == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("model: ai-eng,", "model: ai-engs,", "owners.model: there is no team 'ai-engs' (did you mean 'ai-eng'?)"),
        ("model: ai-eng,", "model: exec,", "owners.model: owns alerts that page, and nothing of it wakes anybody"),
        ("tier: growth }", "tier: grown }", "verticals.sales.tier: there is no tier 'grown'"),
        ("pages: business-hours", "pages: at-noon", "tiers.growth.pages: there are no hours 'at-noon'"),
        ('"crm.*", team', '"crm.(", team', "tools[0].tool_name: is not a regular expression"),
        ('"crm.*", team', '".*", team', "tools[1].tool_name: can never match: a pattern before it takes it all"),
        (
            "routing_key_file: /etc/alertmanager/secrets/ai-eng",
            "routing_key_file: /etc/k, routing_key: '${KEY}'",
            "teams.ai-eng.pagerduty: two keys for one team",
        ),
        (
            "{ routing_key_file: /etc/alertmanager/secrets/ai-eng }",
            "[{ routing_key_file: /a }, { routing_key_file: /b }]",
            "teams.ai-eng.pagerduty: two keys for one team",
        ),
        ("{ routing_key_file: /etc/alertmanager/secrets/ai-eng }", "{}", "teams.ai-eng.pagerduty: has no key"),
        ("  exec:\n    email: exec@example.com", "  exec: {}", "teams.exec: is reached by nothing"),
        ("mail: {", "#", "teams.ai-eng.email: there is no mail server"),
        ("version: 1", "version: 1\nrules: [none/*.yml]", "rules[0]: no file is called 'none/*.yml'"),
        (
            "version: 1",
            'version: 1\nroutes: [{matchers: ["alert_type == model"], team: crm}]',
            "routes[0].matchers: can never match: nothing can match",
        ),
        (
            "version: 1",
            "version: 1\nroutes: [{matchers: [feature=a], team: crm}, {matchers: [feature=a, vertical=b], team: crm}]",
            'routes[1].matchers: can never match: a route before it takes feature="a"',
        ),
    ],
)  # fmt: skip
def test_every_problem_is_told_with_line_and_field(written, old, new, expected):
    found = [each for each in said(written((old, new))) if expected in each]
    assert found, said(written((old, new)))
    assert int(found[0].partition(":")[0]) > 0


def test_all_problems_are_told_at_once(written):
    loaded = written(("info: ai-eng", "info: nobody-knows"), ("copy_to: exec", "copy_to: nobody-knows"))
    assert len(loaded.problems) == 2


def test_a_written_out_key_is_refused_and_not_repeated(written):
    key = "0123456789abcdef0123456789abcdef"
    loaded = written(("routing_key_file: /etc/alertmanager/secrets/ai-eng", f"routing_key: {key}"))
    assert "a credential is written out here" in said(loaded)[0]
    assert key not in str(loaded.problems)


def test_a_credential_is_inlined_only_when_asked_for_and_set(written):
    change = ("routing_key_file: /etc/alertmanager/secrets/ai-eng", "routing_key: '${PD_KEY}'")
    known = written(change, environ={"PD_KEY": "k-1"}).checked()
    with pytest.raises(UsageError, match=r"teams\.ai-eng\.pagerduty\.routing_key .* --inline-secrets"):
        alertmanager_config(known)
    assert "routing_key: k-1" in alertmanager_text(known, inline=True)
    with pytest.raises(UsageError, match="the environment variable PD_KEY is not set"):
        alertmanager_config(written(change).checked(), inline=True)


def test_a_rule_file_of_ones_own_is_held_to_the_standard(written, tmp_path):
    (tmp_path / "mine.yml").write_text("groups:\n- name: a\n  rules:\n  - alert: Slow\n    expr: up == 0\n")
    loaded = written(("version: 1", "version: 1\nrules: [mine.yml]"))
    assert [problem.field for problem in loaded.problems] == [
        "groups[0].rules[0].labels.alert_type",
        "groups[0].rules[0].labels.severity",
    ]
