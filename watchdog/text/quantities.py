"""Durations, money and rates, as people write them."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|m|h|d|w)\s*")
_MONEY = re.compile(r"\s*\$?\s*(\d{1,12}(?:\.\d{1,6})?)\s*(USD)?\s*", re.IGNORECASE)
_RATE = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*(?:per|/|in|every)\s*(.+)", re.IGNORECASE)


def parse_duration(text: str) -> float:
    """Seconds of ``30m``, ``90d``, ``10s``, ``250ms``.

    Raises:
        ValueError: it is not a duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("is not a duration; write 10s, 30m, 2h, 7d, or a number of seconds")
    return float(found[1]) * _UNITS[found[2]]


def parse_money(text: str) -> float:
    """US dollars of ``5 USD``, ``$5`` or ``0.25``.

    Raises:
        ValueError: it is not an amount in US dollars.
    """
    found = _MONEY.fullmatch(text)
    if found is None:
        raise ValueError("is not an amount in US dollars; write 5 USD")
    return float(found[1])


def parse_rate(text: str) -> tuple[float, float]:
    """Count and seconds of ``1 per 90d``.

    Raises:
        ValueError: it is not a count per duration, or one of them is zero.
    """
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError("is not a rate; write 1 per 90d")
    count, seconds = float(found[1]), parse_duration(found[2])
    if count <= 0 or seconds <= 0:
        raise ValueError("must be more than zero")
    return count, seconds
