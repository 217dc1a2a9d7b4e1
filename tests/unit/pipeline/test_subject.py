"""What of the subject is no longer as it was."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from watchdog.domain.run import Subject
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, Watch
from watchdog.pipeline.subject import changes_since, subject_of

THEN = Subject(provider="openai", endpoint="0123456789abcdef", prompt="p", model="m", parameters="x")


def said(before: Subject, now: Subject) -> list[str]:
    return [str(change) for change in changes_since([before], now, 1.0)]


def test_the_subject_names_the_provider_and_where_it_is():
    current = Target(role=Role.CURRENT, provider="azure", model="m")
    watch = Watch(
        name="w", feature="f", owner=Owner(team="t"), targets={Role.CURRENT: current}, scorers=(),
        endpoints={"azure": "a1", "openai": "b2"},
    )  # fmt: skip
    subject = subject_of(watch, ())
    assert (subject.provider, subject.endpoint) == ("azure", "a1")


def test_another_provider_of_the_same_model_is_a_change():
    now = replace(THEN, provider="azure", endpoint="fedcba9876543210")
    assert said(THEN, now) == ["current provider changed from openai to azure"]
    assert changes_since([THEN], now, 1.0)[0].ours


def test_a_provider_of_the_same_name_at_another_address_is_a_change():
    now = replace(THEN, endpoint="fedcba9876543210")
    assert said(THEN, now) == ["current provider changed from openai (01234567) to openai (fedcba98)"]


@pytest.mark.parametrize("unknown", [{"provider": "", "endpoint": ""}, {"endpoint": ""}])
def test_what_is_not_known_of_a_provider_is_no_change(unknown):
    assert said(replace(THEN, **unknown), THEN) == []
    assert said(THEN, replace(THEN, **unknown)) == []
    assert replace(THEN, **unknown).same_target(THEN)


def test_targets_are_the_same_only_when_all_of_ours_is():
    assert THEN.same_target(replace(THEN, served_models={Role.CURRENT: ("m-1",)}))
    for name in ("provider", "endpoint", "prompt", "model", "parameters"):
        assert not THEN.same_target(replace(THEN, **{name: "other"}))
