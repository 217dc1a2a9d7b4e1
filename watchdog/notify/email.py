"""E-mail: a plain-text message for each transition, over a connection that nobody listens to."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import ClassVar, Literal

from watchdog.domain.alert import TELLING, Alert, AlertState
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.texts import facts, headline, story, wanted
from watchdog.text.log import Log

_log = Log(__name__)

_SUBJECT, _PARAGRAPH = 150, 1500
_ADDRESS = re.compile(r"[!-9;=?A-~]+@[A-Za-z0-9.-]+")
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class EmailNotifier:
    """Sends through the SMTP server ``host``:``port``; the end of an alert answers its beginning.

    ``security``: ``starttls``, ``tls`` from the first byte (port 465), or ``none``, which only a server on this machine
    may have. ``username`` and ``password`` where the server asks for them. ``severities`` and ``only`` (values by
    label) say which alerts are sent; ``timeout`` in seconds for each step.
    """

    #: People read it: it is told of incidents.
    tells_incidents: ClassVar[bool] = True

    def __init__(
        self,
        *,
        host: str,
        sender: str,
        recipients: Sequence[str],
        port: int = 587,
        security: Literal["starttls", "tls", "none"] = "starttls",
        username: str = "",
        password: str = "",
        severities: Sequence[str] = ("sev1", "page", "ticket"),
        only: Mapping[str, Sequence[str]] | None = None,
        timeout: float = 10.0,
        ca_file: str | None = None,
        name: str = "email",
    ) -> None:
        if not recipients or not all(_ADDRESS.fullmatch(address) for address in (sender, *recipients)):
            raise UsageError("e-mail needs a sender and recipients, like watchdog@example.com")
        if security == "none" and host not in _HERE:
            raise UsageError("e-mail without TLS is only for a server on this machine")
        if bool(username) != bool(password):
            raise UsageError("e-mail needs both username and password, or neither")
        self._host, self._port, self._security = host, port, security
        self._sender, self._recipients = sender, tuple(recipients)
        self._username, self._password = username, password
        self._severities = tuple(severities)
        self._only = only
        self._timeout = timeout
        self._context = ssl.create_default_context(cafile=ca_file)
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

    async def send(self, alerts: Sequence[Alert], now: float) -> None:
        """Send one message for each alert. Raises DeliveryError(retryable)."""
        messages = [self._message(alert, now) for alert in wanted(alerts, self._severities, self._only)]
        if messages:
            await asyncio.to_thread(self._deliver, messages)

    async def aclose(self) -> None:
        """Nothing to give up: each delivery has its own connection."""

    def _message(self, alert: Alert, now: float) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = headline(alert, _SUBJECT)
        message["From"] = self._sender
        message["To"] = ", ".join(self._recipients)
        message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
        domain = self._sender.rpartition("@")[2]
        beginning = f"<{alert.id}-{AlertState.FIRING}@{domain}>"
        again = f"-{alert.annotations[TELLING]}" if TELLING in alert.annotations else ""
        message["Message-ID"] = f"<{alert.id}-{alert.state}{again}@{domain}>"  # the same over retries
        if again or alert.state is AlertState.RESOLVED:
            message["In-Reply-To"] = message["References"] = beginning
        message["Auto-Submitted"] = "auto-generated"
        told = [f"{what}: {text}" for what, text in story(alert, _PARAGRAPH)]
        labels = [f"{name}: {value}" for name, value in facts(alert, 200).items() if name in alert.labels]
        message.set_content("\n\n".join([headline(alert, _PARAGRAPH), *told, "\n".join(labels)]) + "\n")
        return message

    def _deliver(self, messages: Sequence[EmailMessage]) -> None:
        """Runs in a thread: smtplib waits."""
        where = f"smtp://{self._host}:{self._port}"
        try:
            with self._connect() as server:
                for message in messages:
                    refused = server.send_message(message)
                    if refused:  # the others have it: trying again would tell them twice
                        _log.warning("recipients were refused", action="recipients-refused", count=len(refused))
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            raise DeliveryError(f"{where}: refuses every recipient", retryable=min(codes, default=0) < 500) from None
        except smtplib.SMTPResponseException as error:
            later = not 500 <= error.smtp_code < 600
            words = "refuses our credentials" if isinstance(error, smtplib.SMTPAuthenticationError) else "answers"
            raise DeliveryError(f"{where}: {words} ({error.smtp_code})", retryable=later) from None
        except smtplib.SMTPNotSupportedError:
            raise DeliveryError(f"{where}: offers no STARTTLS, or no login", retryable=False) from None
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError(f"{where}: no connection ({type(error).__name__})", retryable=True) from None

    def _connect(self) -> smtplib.SMTP:
        if self._security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=self._context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._security == "starttls":
                server.starttls(context=self._context)
            if self._username:
                server.login(self._username, self._password)
        except BaseException:
            server.close()
            raise
        return server
