from __future__ import annotations

from watchdog.alert.heartbeat import watchdog_heartbeat
from watchdog.domain.alert import AlertState


def test_the_heartbeat_always_fires_under_one_identity(house):
    first, later = watchdog_heartbeat(house.NOW, house.NOW - 5), watchdog_heartbeat(house.NOW + 999, house.NOW - 5)
    assert first.id == later.id
    assert {first.state, later.state} == {AlertState.FIRING}
    assert (first.labels["alertname"], first.labels["severity"]) == ("Watchdog", "none")
    assert (first.starts_at, later.updated_at) == (house.NOW - 5, house.NOW + 999)
