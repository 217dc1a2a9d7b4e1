"""Two Alertmanager configurations held against each other by what they mean, not by how they are written. Pure.

A server tells its configuration with every default filled in and every credential as ``<secret>``. Order counts where
it means something (routes, channels of a receiver) and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from watchdog.text.matchers import parse

HIDDEN = "<secret>"
#: What a server fills in by itself (Alertmanager 0.25 to 0.28), by key; wherever the key stands.
_DEFAULTS: Mapping[str, Any] = {
    "continue": False,
    "templates": [],
    "http_config": {"follow_redirects": True, "enable_http2": True},
    "smtp_hello": "localhost",
    "smtp_require_tls": True,
    "pagerduty_url": "https://events.pagerduty.com/v2/enqueue",
    "opsgenie_api_url": "https://api.opsgenie.com/",
    "wechat_api_url": "https://qyapi.weixin.qq.com/cgi-bin/",
    "victorops_api_url": "https://alert.victorops.com/integrations/generic/20131114/alert/",
    "telegram_api_url": "https://api.telegram.org",
    "webex_api_url": "https://webexapis.com/v1/messages",
    "max_alerts": 0,
    "short_fields": False,
    "link_names": False,
    "require_tls": True,
    "hello": "localhost",
    "source": '{{ template "pagerduty.default.client" . }}',
}
#: Keys of a channel that default to the same key of ``global``, by kind of channel.
_FROM_GLOBAL: Mapping[str, Mapping[str, str]] = {
    "email_configs": {
        "from": "smtp_from",
        "smarthost": "smtp_smarthost",
        "auth_username": "smtp_auth_username",
        "auth_password_file": "smtp_auth_password_file",
    },
    "pagerduty_configs": {"url": "pagerduty_url"},
    "opsgenie_configs": {"api_url": "opsgenie_api_url"},
}
_SENDS_RESOLVED = {"pagerduty_configs": True, "opsgenie_configs": True, "webhook_configs": True}
#: Defaults that a server writes as a template of its own, and counts that it adds to PagerDuty's details.
_OWN_TEMPLATE = re.compile(
    r"""\{\{ ?(template ".*|\.Alerts\.\w+ \| len \}\}|if eq \.Status "firing" \}\}danger.*)""", re.DOTALL
)
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_TIMES = {"group_wait", "group_interval", "repeat_interval", "resolve_timeout"}
_UNORDERED = {"group_by", "equal", "mute_time_intervals", "active_time_intervals", "weekdays"}
_MATCHERS = {"matchers", "source_matchers", "target_matchers"}
_MAIL_HEADERS = {"From", "To", "Subject"}


class Difference(Struct, frozen=True, kw_only=True):
    """One place where the server has something else."""

    #: Where, as people write it: ``route.routes[3].receiver``.
    field: str
    #: What the file says, and the server; None for nothing.
    wanted: Any
    live: Any

    def __str__(self) -> str:
        return f"{self.field}: the file says {_said(self.wanted)}, the server {_said(self.live)}"


def differences(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> list[Difference]:
    """Where a server's configuration means something else than ours; empty when it means the same.

    ``wanted`` and ``live`` are configurations as plain values, as a YAML parser gives them.
    """
    return list(_mappings(_normal(wanted), _normal(live), ""))


def _normal(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration without what goes without saying, and with names instead of numbers where order means nothing."""
    found = {key: _plain(key, value) for key, value in config.items() if not _goes_without_saying(key, value)}
    settings = found.get("global", {})
    receivers = {}
    for receiver in found.get("receivers", []):
        channels = {}
        for kind, configs in receiver.items():
            if kind.endswith("_configs"):
                channels[kind] = [_channel(kind, each, settings) for each in configs or []]
        receivers[str(receiver.get("name"))] = channels
    found["receivers"] = receivers
    found["time_intervals"] = {str(each.get("name")): each for each in found.get("time_intervals") or []}
    found["inhibit_rules"] = sorted(found.get("inhibit_rules") or [], key=str)
    return found


def _channel(kind: str, config: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    inherited = {key: settings.get(name) for key, name in _FROM_GLOBAL.get(kind, {}).items()}
    inherited = {key: _DEFAULTS.get(_FROM_GLOBAL[kind][key]) if v is None else v for key, v in inherited.items()}
    inherited["send_resolved"] = _SENDS_RESOLVED.get(kind, False)
    kept = {key: value for key, value in config.items() if inherited.get(key) != value}
    headers = {key: value for key, value in kept.get("headers", {}).items() if key not in _MAIL_HEADERS}
    return {key: value for key, value in kept.items() if key != "headers"} | ({"headers": headers} if headers else {})


def _plain(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(k, v) for k, v in value.items() if not _goes_without_saying(k, v)}
    if key in _MATCHERS and isinstance(value, list):
        return sorted(_matcher(str(each)) for each in value)
    if key in _UNORDERED and isinstance(value, list):
        return sorted(map(str, value))
    if isinstance(value, list):
        return [_plain("", each) for each in value]
    if key in _TIMES and isinstance(value, str) and _PART.match(value):
        return sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(value))
    return value


def _matcher(text: str) -> str:
    try:
        return str(parse(text))
    except ValueError:
        return text


def _goes_without_saying(key: str, value: Any) -> bool:
    if value is None or value in ("", [], {}) or (key in _DEFAULTS and _DEFAULTS[key] == value):
        return True
    return isinstance(value, str) and bool(_OWN_TEMPLATE.fullmatch(value))


def _mappings(wanted: Mapping[str, Any], live: Mapping[str, Any], field: str) -> Iterator[Difference]:
    for key in dict.fromkeys([*wanted, *live]):
        place = f"{field}.{key}" if field else str(key)
        yield from _values(wanted.get(key), live.get(key), place)


def _values(wanted: Any, live: Any, field: str) -> Iterator[Difference]:
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        yield from _mappings(wanted, live, field)
    elif _is_tree(wanted) and _is_tree(live):
        for at in range(max(len(wanted), len(live))):
            ours, theirs = (side[at] if at < len(side) else None for side in (wanted, live))
            yield from _values(ours, theirs, f"{field}[{at}]")
    elif wanted != live and not (live == HIDDEN and wanted is not None):
        yield Difference(field=field, wanted=wanted, live=live)


def _is_tree(value: Any) -> bool:
    return (
        isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(each, Mapping) for each in value)
    )


def _said(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
