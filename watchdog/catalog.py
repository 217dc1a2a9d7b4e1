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
    "webhook": "watchdog.notify.webhook:WebhookNotifier",
    "stdout": "watchdog.notify.stdout:StdoutNotifier",
}
