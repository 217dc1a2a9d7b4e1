"""What a running Alertmanager says its configuration is."""

from __future__ import annotations

from typing import Any

import httpx2
import yaml

from watchdog.errors import UsageError, WatchdogError

_SECONDS = 10.0


class Unanswered(WatchdogError):
    """The Alertmanager did not tell its configuration."""


def live_config(url: str) -> dict[str, Any]:
    """The configuration of the Alertmanager at ``url`` as plain values.

    Raises:
        UsageError: the address is none.
        Unanswered: nothing there, or something else than an Alertmanager.
    """
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is no address; write http://alertmanager:9093")
    try:
        answer = httpx2.get(f"{url.rstrip('/')}/api/v2/status", timeout=_SECONDS)
        answer.raise_for_status()
        config = yaml.safe_load(answer.json()["config"]["original"])
    except httpx2.HTTPStatusError as error:
        raise Unanswered(f"{url} answers {error.response.status_code} at /api/v2/status") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unanswered(f"{url} does not answer: {error}") from None
    except (ValueError, KeyError, TypeError, yaml.YAMLError):
        raise Unanswered(f"{url} answers, but not as an Alertmanager does") from None
    if not isinstance(config, dict):
        raise Unanswered(f"{url} tells no configuration")
    return config
