"""watchdog.yaml as a whole."""

import os
from pathlib import Path

import pytest

from watchdog.domain.metric import Better, Layer
from watchdog.domain.target import Role
from watchdog.domain.watch import FalseAlarmBudget, Limits, Money, Owner, Schedule
from watchdog.errors import InvalidInput, UsageError
from watchdog.settings.load import load
from watchdog.settings.secret import Secret

WATCH_WITH_CRON = """\
watches:
  reply:
    cases: {{ golden: golden_sets/reply }}
    current: {{ provider: local, model: m }}
    scorers: [answered]
    cron: "{line}"
"""


def test_a_small_file_is_enough(folder):
    settings = folder.settings()
    assert settings.folder == folder.path
    assert settings.store_url == Secret(f"sqlite:///{folder.path}/watchdog.db")
    assert settings.false_alarms == FalseAlarmBudget(count=1, seconds=90 * 86400)
    assert [channel.name for channel in settings.notifiers] == ["stdout"]
    watch = settings.watches["reply"]
    assert watch.feature == "reply"
    assert watch.owner == Owner(team="ai", vertical="shop")
    assert watch.schedule == Schedule(every=1800.0)
    assert watch.golden.path == "golden_sets/reply"
    assert watch.golden.line == 7
    assert watch.golden.field == "watches.reply.cases.golden"


def test_a_watch_says_everything(folder):
    (folder.path / "s.json").write_text("{}")
    watch = folder.watch(
        """
        feature: support
        owner: { team: other }
        pinned: { provider: local, model: m-2026, prompt: p.md, parameters: { temperature: 0 } }
        fallback: { provider: local, model: n }
        repeats: 2
        cron: "0 7 * * 1-5"
        timezone: Europe/Berlin
        jitter: 30s
        smallest_drop: 0.1
        budget: { per_run: 1, per_day: 5 USD }
        deadline: 10m
        runbook: runbooks/reply.md
        min_baseline_runs: 4
        floor: 0.8
        blind_after: 5
        metadata: { tier: one }
        """
    )
    assert watch.feature == "support"
    assert watch.owner == Owner(team="other")
    assert watch.targets[Role.PINNED].parameters == {"temperature": 0}
    assert watch.targets[Role.PINNED].prompt.path == "p.md"
    assert watch.targets[Role.FALLBACK].model == "n"
    assert watch.schedule == Schedule(cron="0 7 * * 1-5", timezone="Europe/Berlin", jitter=30.0)
    assert watch.budget == Money(per_run=1.0, per_day=5.0)
    assert (watch.repeats, watch.smallest_drop, watch.deadline) == (2, 0.1, 600.0)
    assert (watch.min_baseline_runs, watch.floor, watch.blind_after) == (4, 0.8, 5)
    joined = watch.watch(golden=None, prompts={})
    assert joined.runbook == "runbooks/reply.md"
    assert joined.metadata == {"tier": "one"}
    assert joined.targets[Role.CURRENT].model == "m"


def watch_with_scorers(folder, scorers):
    return folder.settings(
        "watches:\n  reply:\n    cases: { golden: g }\n    current: { provider: local, model: m }\n"
        f"    scorers: {scorers}\n"
    ).watches["reply"]


def test_scorers_say_how_their_metric_is_read(folder):
    plans = watch_with_scorers(
        folder,
        "[answered, {contains: refund}, {not-contains: {value: sorry, name: no_apology, pages: false}}, "
        "{max-chars: {max: 9, better: lower, layer: quality}}, {judge: helpfulness}, "
        "{judge: {use: helpfulness, name: again, model: m}}]",
    )
    by_name = {plan.name: plan for plan in plans.scorers}
    assert list(by_name) == ["answered", "contains", "no_apology", "max-chars", "helpfulness", "again"]
    assert by_name["contains"].spec.arguments == {"value": "refund"}
    assert by_name["contains"].better is Better.HIGHER
    assert by_name["no_apology"].spec.name == "not-contains"
    assert not by_name["no_apology"].pages
    assert (by_name["max-chars"].better, by_name["max-chars"].layer) == (Better.LOWER, Layer.QUALITY)
    assert by_name["helpfulness"].layer is Layer.QUALITY
    assert [(judge.metric, judge.judge.path, judge.model) for judge in plans.judges] == [
        ("helpfulness", "helpfulness", None),
        ("again", "helpfulness", "m"),
    ]


def test_the_scorer_that_is_built_bears_the_name_of_its_metric(folder):
    settings = folder.settings()
    for scorers in ("[{contains: {value: a, name: mine}}]", "[{not-contains: {value: a, name: mine}}]"):
        [plan] = watch_with_scorers(folder, scorers).scorers
        assert settings.parts.build("scorer", plan.spec.name, plan.spec.arguments).name == plan.name == "mine"


def test_a_scorer_of_ones_own_must_say_which_way_is_good(folder):
    body = "    digest = '1'\n    async def score(self, case, response): ...\n"
    (folder.path / "own_scorers.py").write_text(
        f"class Plain:\n    name = ''\n{body}\n"
        f"class Said:\n    better = 'lower'\n    layer = 'api'\n    name = 'said'\n{body}"
    )
    said, plain = watch_with_scorers(folder, "['own_scorers:Said', {'own_scorers:Plain': {better: higher}}]").scorers
    assert (said.name, said.better, said.layer) == ("said", Better.LOWER, Layer.API)
    assert (plain.name, plain.better, plain.layer) == ("Plain", Better.HIGHER, Layer.QUALITY)


def test_providers_keep_their_limits_and_secrets(folder):
    settings = folder.settings(
        """
        providers:
          local:
            kind: openai
            base_url: "${BASE:-http://127.0.0.1:1}"
            api_key: "${KEY}"
            limits: { concurrency: 80, timeout: 5s }
          anthropic: {}
        """,
        environ={"KEY": "hush-hush", "ANTHROPIC_API_KEY": "other-key"},
    )
    local = settings.providers["local"]
    assert local.kind == "openai"
    assert local.limits == Limits(concurrency=80, max_concurrency=80, timeout=5.0)
    assert local.arguments["api_key"] == Secret("hush-hush")
    assert settings.providers["anthropic"].arguments["api_key"] == Secret("other-key")
    assert "hush-hush" not in repr(settings)
    assert "other-key" not in repr(settings)
    assert type(local.build()).__name__ == "OpenAIProvider"


USES_OPENAI = """\
watches:
  w:
    cases: { golden: g }
    current: { provider: openai, model: m }
    scorers: [answered]
"""


def test_openai_need_not_be_declared_and_its_key_is_asked_for_only_when_it_is_used(folder):
    assert "openai" in folder.settings().providers
    [told] = folder.problems(USES_OPENAI)
    assert told == "4: providers.openai.api_key: the environment variable OPENAI_API_KEY is not set"
    assert folder.settings(USES_OPENAI, environ={"OPENAI_API_KEY": "k"}).providers["openai"].kind == "openai"


def test_a_command_that_calls_nobody_does_not_need_the_keys(folder):
    used = "providers:\n  local: { kind: openai, api_key: '${KEY}' }\n"
    assert folder.problems(used) == ["2: providers.local.api_key: the environment variable KEY is not set"]
    settings = folder.settings(used, secrets_required=False)
    with pytest.raises(UsageError, match="KEY is not set"):
        settings.providers["local"].build()


def test_azure_has_a_key_of_its_own(folder):
    text = "providers:\n  local: { kind: openai, azure_endpoint: 'https://x', api_version: '1' }\n"
    assert folder.problems(text) == [
        "2: providers.local.api_key: the environment variable AZURE_OPENAI_API_KEY is not set"
    ]


def test_channels_are_named_and_keep_their_secrets(folder):
    settings = folder.settings(
        """
        notify:
          - stdout
          - webhook: { url: "https://example.com/${HOOK}", name: pager }
          - alertmanager: { urls: ["http://127.0.0.1:9093"] }
        """,
        environ={"HOOK": "hush-hush"},
    )
    assert [channel.name for channel in settings.notifiers] == ["stdout", "pager", "alertmanager"]
    assert settings.notifiers[1].arguments["url"] == Secret("https://example.com/hush-hush")
    assert "hush-hush" not in repr(settings)


def test_the_small_sections(folder):
    settings = folder.settings(
        """
        server: { host: 0.0.0.0, port: "${PORT}", names: [Watchdog.internal] }
        heartbeat: { ping_url: "https://example.com/${PING}" }
        retention: { text: 7d }
        prices: { my-model-1.5: { input: 0.5, output: 1 } }
        false_alarms: 2 per 30d
        version: 1
        owner: { team: x }
        """,
        environ={"PORT": "9000", "PING": "hush-hush"},
    )
    assert (settings.server.host, settings.server.port) == ("0.0.0.0", 9000)
    assert settings.server.names == ("watchdog.internal",)
    assert settings.heartbeat.ping_url.reveal() == "https://example.com/hush-hush"
    assert settings.retention.text == 7 * 86400
    assert settings.prices == {"my-model-1.5": {"input": 0.5, "output": 1.0}}
    assert settings.false_alarms == FalseAlarmBudget(count=2, seconds=30 * 86400)


@pytest.mark.parametrize("written", ["https://watchdog.internal", "watchdog.internal:8790", "*.internal"])
def test_a_name_of_the_server_is_the_name_of_a_host(folder, written):
    told = folder.problems(f"version: 1\nowner: {{ team: x }}\nserver: {{ names: ['{written}'] }}\n")
    assert any("is not the name of a host" in problem for problem in told), told


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("sqlite:///x.db", "sqlite:///{folder}/x.db"),
        ("sqlite:///a/x.db?timeout=1", "sqlite:///{folder}/a/x.db?timeout=1"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://u@h/n", "postgresql://u@h/n"),
    ],
)
def test_a_relative_database_file_belongs_to_the_workspace(folder, written, url):
    head = f"version: 1\nowner: {{ team: x }}\nstore: '{written}'\n"
    assert folder.settings(head).store_url.reveal() == url.format(folder=folder.path)


def test_a_database_url_with_a_password_is_not_written_out(folder):
    (folder.path / "store").write_text("postgresql://u:hush-hush@h/n\n")
    head = "version: 1\nowner: { team: x }\nstore: "
    assert folder.settings(f"{head}file:store\n").store_url.reveal() == "postgresql://u:hush-hush@h/n"
    assert "a credential is written out here" in folder.problems(f"{head}postgresql://u:hush-hush@h/n\n")[0]


def test_problems_are_told_in_the_order_of_the_file(folder):
    told = folder.problems("version: 3\nserver: { prot: 1 }\nowner: 5\nzzz: 1\n")
    assert [int(problem.split(":")[0]) for problem in told] == sorted(int(problem.split(":")[0]) for problem in told)
    assert len(told) == 4


def test_what_is_wrong_in_one_watch_does_not_hide_another(folder):
    watch = "    cases: { golden: g }\n    current: { provider: local, model: m }\n    scorers: [answered]\n"
    told = folder.problems(f"watches:\n  one:\n{watch}    evry: 1m\n  two:\n{watch}    evry: 1m\n")
    assert [problem.split(":")[0] for problem in told] == ["6", "11"]


def test_a_provider_with_problems_is_not_also_said_to_be_missing(folder):
    assert len(folder.problems("providers:\n  local: { kind: openai, api_key: x, nonsense: 1 }\n")) == 1


@pytest.mark.parametrize("content", ["", "# nothing\n", "[]", "text", "5"])
def test_a_file_that_is_no_mapping_says_how_to_start(tmp_path, content):
    (tmp_path / "watchdog.yaml").write_text(content)
    [problem] = load(tmp_path, {}, {}).problems
    assert "'eval-watchdog init'" in str(problem)


def test_the_file_may_be_named_and_is_shown_as_short_as_it_can_be(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load(Path("none.yaml"), {}, {}).problems[0].file == "none.yaml"
    assert load(tmp_path / "none.yaml", {}, {}).problems[0].file == "none.yaml"
    with pytest.raises(InvalidInput, match=r"1 problem found:\n  none.yaml: there is no such file"):
        load(tmp_path / "none.yaml", {}, {}).checked()


def test_only_the_environment_that_is_passed_in_is_read(folder, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-process")
    assert os.environ["OPENAI_API_KEY"]
    assert "is not set" in folder.problems(USES_OPENAI)[0]


def test_a_channel_of_ones_own_is_called_what_it_calls_itself(folder):
    rest = "    resend_every = None\n    async def send(self, alerts, now): ...\n    async def aclose(self): ...\n"
    (folder.path / "own_channels.py").write_text(
        f"class Fixed:\n    name = 'fixed'\n{rest}\n"
        f"class Taken:\n    def __init__(self, *, name='taken'): self.name = name\n{rest}\n"
        f"class Bare:\n    name = property(lambda self: 'Bare')\n{rest}\n"
    )
    settings = folder.settings(
        """
        notify:
          - own_channels:Fixed
          - own_channels:Taken
          - own_channels:Taken: { name: second }
          - own_channels:Bare
        """
    )
    assert [channel.name for channel in settings.notifiers] == ["fixed", "taken", "second", "Bare"]
    assert [channel.build().name for channel in settings.notifiers] == ["fixed", "taken", "second", "Bare"]
    assert folder.problems("notify:\n  - own_channels:Fixed: { name: other }\n") == [
        "2: notify[0]: own_channels:Fixed takes no 'name'"
    ]


@pytest.mark.parametrize("line", ["0 0 31 2 *", "0 0 30 2 *"])
def test_a_cron_line_whose_time_never_comes_is_told(folder, line):
    told = folder.problems(WATCH_WITH_CRON.format(line=line))
    assert told == ['6: watches.reply.cron: names a time that never comes ("0 7 * * 1-5")']


def test_a_cron_line_that_comes_in_leap_years_only_is_one(folder):
    assert folder.problems(WATCH_WITH_CRON.format(line="0 0 29 2 *")) == []


def test_a_channel_stands_in_for_one_that_is_there_before_it(folder):
    standby = "  - pagerduty: { routing_key: '${PAGERDUTY_KEY}', when_down: main }\n"
    primary = "  - alertmanager: { urls: ['http://localhost:9093'], name: main }\n"
    how = {"environ": {"PAGERDUTY_KEY": "r" * 32}}
    [problem] = folder.problems(f"notify:\n{standby}{primary}", **how)
    assert problem.startswith("2: notify[0].when_down: there is no channel 'main'")
    assert folder.problems(f"notify:\n{primary}{standby}", **how) == []
