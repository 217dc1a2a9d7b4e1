"""Every short name that watchdog.yaml may use, and the part it stands for. Literal tables, nothing registered."""

from __future__ import annotations

from collections.abc import Mapping

PROVIDERS: Mapping[str, str] = {
    "openai": "watchdog.providers.openai_chat:OpenAIProvider",
    "anthropic": "watchdog.providers.anthropic_messages:AnthropicProvider",
    "http": "watchdog.providers.http_json:HttpProvider",
    "python": "watchdog.providers.python_callable:PythonProvider",
    "recorded": "watchdog.providers.recorded:RecordedProvider",
}

NOTIFIERS: Mapping[str, str] = {
    "alertmanager": "watchdog.notify.alertmanager:AlertmanagerNotifier",
    "pagerduty": "watchdog.notify.pagerduty:PagerDutyNotifier",
    "email": "watchdog.notify.email:EmailNotifier",
    "jsm": "watchdog.notify.opsgenie:JsmNotifier",
    "opsgenie": "watchdog.notify.opsgenie:OpsgenieNotifier",
    "slack": "watchdog.notify.slack:SlackNotifier",
    "apprise": "watchdog.notify.apprise:AppriseNotifier",
    "webhook": "watchdog.notify.webhook:WebhookNotifier",
    "stdout": "watchdog.notify.stdout:StdoutNotifier",
}

SCORERS: Mapping[str, str] = {
    "answered": "watchdog.score.checks.behaviour:Answered",
    "refusal": "watchdog.score.checks.behaviour:Refusal",
    "language": "watchdog.score.checks.behaviour:Language",
    "no-pii": "watchdog.score.checks.behaviour:NoPii",
    "finish-reason": "watchdog.score.checks.behaviour:FinishReason",
    "equals": "watchdog.score.checks.text:Equals",
    "contains": "watchdog.score.checks.text:Contains",
    "regex": "watchdog.score.checks.text:Regex",
    "starts-with": "watchdog.score.checks.text:StartsWith",
    "ends-with": "watchdog.score.checks.text:EndsWith",
    "one-of": "watchdog.score.checks.text:OneOf",
    "facts": "watchdog.score.checks.text:Facts",
    "numeric": "watchdog.score.checks.number:Numeric",
    "levenshtein": "watchdog.score.checks.number:Levenshtein",
    "rouge-n": "watchdog.score.checks.number:RougeN",
    "is-json": "watchdog.score.checks.structure:IsJson",
    "contains-json": "watchdog.score.checks.structure:ContainsJson",
    "json-field": "watchdog.score.checks.structure:JsonField",
    "json-fields": "watchdog.score.checks.structure:JsonFields",
    "word-count": "watchdog.score.checks.limits:WordCount",
    "max-chars": "watchdog.score.checks.limits:MaxChars",
    "latency": "watchdog.score.checks.limits:Latency",
    "cost": "watchdog.score.checks.limits:Cost",
    #: The checks that each case brings along.
    "case-checks": "watchdog.score.checks.combined:CaseChecks",
    #: ``judge`` is no class but a folder of judges/: settings reads its use, the composition root makes the judge.
    #: ``not-<name>`` wraps any scorer that says it is negatable.
    "not": "watchdog.score.checks.combined:Not",
}

#: By kind, as ``watchdog.settings`` wants it.
VOCABULARY: Mapping[str, Mapping[str, str]] = {"provider": PROVIDERS, "scorer": SCORERS, "notifier": NOTIFIERS}
