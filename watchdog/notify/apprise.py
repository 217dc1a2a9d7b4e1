"""Everything else that can be told something: Teams, Discord, ntfy, Matrix, ... through the apprise library.

Secondary channels: apprise says that it failed, not why, so every failure is tried again until the delivery gives up.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from watchdog.domain.alert import Alert, AlertState
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.texts import facts, headline, story, wanted

_TITLE, _PARAGRAPH, _FACT = 150, 1200, 200
_MISSING = "the channel 'apprise' needs the package apprise: pip install 'eval-watchdog[apprise]'"


class AppriseNotifier:
    """One message for each transition to ``url``, an address as https://github.com/caronc/apprise/wiki writes them.

    One address a channel: when one of several failed, the others would be told again. ``severities`` and ``only``
    (values by label) say which alerts are sent. The address holds the credentials: keep it in the environment.
    """

    def __init__(
        self,
        *,
        url: str,
        severities: Sequence[str] = ("ticket", "info"),
        only: Mapping[str, Sequence[str]] | None = None,
        name: str = "apprise",
    ) -> None:
        try:
            import apprise  # noqa: PLC0415 - an extra
        except ImportError:
            raise UsageError(_MISSING) from None
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs addresses
        self._words: Any = apprise
        self._target = apprise.Apprise()
        if not self._target.add(url):
            raise UsageError(f"{name}: apprise does not know the kind of address that 'url' is")
        self._severities = tuple(severities)
        self._only = only
        self._name = name

    @property
    def name(self) -> str:
        """Name of the channel."""
        return self._name

    @property
    def resend_every(self) -> timedelta | None:
        """Once per transition."""
        return None

    def wants(self, alert: Alert) -> bool:
        """Whether the alert is any of this channel's business."""
        return bool(wanted([alert], self._severities, self._only))

    async def send(self, alerts: Sequence[Alert], now: float) -> None:  # noqa: ARG002 - the seam's
        """Send one message for each alert. Raises DeliveryError(retryable)."""
        kinds = self._words.NotifyType
        for alert in wanted(alerts, self._severities, self._only):
            told = [f"{what}: {text}" for what, text in story(alert, _PARAGRAPH)]
            labels = [f"{name}: {value}" for name, value in facts(alert, _FACT).items() if name in alert.labels]
            sent = await self._target.async_notify(
                title=headline(alert, _TITLE),
                body="\n\n".join([*told, "\n".join(labels)]),
                notify_type=kinds.SUCCESS if alert.state is AlertState.RESOLVED else kinds.WARNING,
                body_format=self._words.NotifyFormat.TEXT,
                interpret_escapes=False,
            )
            if not sent:
                raise DeliveryError(f"{self._name}: apprise could not deliver", retryable=True)

    async def aclose(self) -> None:
        """Nothing to give up: each delivery has its own connection."""
