"""Who acknowledged what in PagerDuty, by its REST API: GET /incidents?incident_key=KEY&statuses[]=acknowledged.

An incident that holds alerts has no key of its own; asked by key, PagerDuty answers with the incident whose alert has
it (https://developer.pagerduty.com/api-reference/ List incidents). Reading is all that is done.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

import httpx2

from watchdog.errors import DeliveryError
from watchdog.notify.http import network_error, place, refusal, reply_of
from watchdog.notify.times import unix_time

#: Incidents asked for in one round; the rest has its turn at the next.
AT_ONCE = 50


def turn(keys: Iterable[str], after: str) -> list[str]:
    """The keys whose turn it is: those after the last that was asked, in their order, and on from the beginning."""
    ordered = sorted(set(keys))
    first = bisect_right(ordered, after)
    return (ordered[first:] + ordered[:first])[:AT_ONCE]


async def acknowledged(
    client: httpx2.AsyncClient, url: str, api_key: str, keys: Iterable[str], now: float
) -> dict[str, tuple[str, float]]:
    """(who, Unix time) of those keys whose incident is acknowledged. Raises DeliveryError(retryable)."""
    headers = {"authorization": f"Token token={api_key}", "accept": "application/vnd.pagerduty+json;version=2"}
    found: dict[str, tuple[str, float]] = {}
    for key in keys:
        query = {"incident_key": key, "statuses[]": "acknowledged", "date_range": "all", "limit": "1"}
        try:
            answer = await client.get(f"{url}/incidents", params=query, headers=headers)
        except httpx2.RequestError as error:
            raise network_error(place(url), error) from None
        refused = refusal(place(url), reply_of(answer, now))
        if refused is not None:
            raise refused
        try:
            said = [_who(incident, now) for incident in answer.json()["incidents"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DeliveryError(f"{place(url)}: no answer of PagerDuty's REST API", retryable=False) from None
        if said:
            found[key] = said[0]
    return found


def _who(incident: dict[str, Any], now: float) -> tuple[str, float]:
    """The first who acknowledged; an incident may be acknowledged without saying by whom."""
    said = (incident.get("acknowledgements") or [{}])[0]
    name = str((said.get("acknowledger") or {}).get("summary") or "somebody")
    at = unix_time(str(said.get("at", "")))
    return name[:200], now if at is None else min(at, now)
