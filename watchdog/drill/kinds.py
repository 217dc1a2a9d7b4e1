"""What each drill breaks, and which alert must follow. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from watchdog.domain.alert import Alert, AlertType
from watchdog.domain.drill import DrillKind

#: Looks over which the slow ramp comes to its full size.
RAMP_LOOKS = 24
#: Looks after which a drill gives up.
_PATIENCE, _LONG_PATIENCE = 60, 120
#: Alerts of the model that are about an instrument and not about the feature.
_INSTRUMENTS = frozenset({"JudgeDrift", "PinnedDrift"})


class World(Struct, frozen=True, kw_only=True):
    """What is wrong at one look of the shadow copy."""

    #: Calls to the provider of the current target fail, whoever makes them.
    provider_down: bool = False
    #: Judges' calls fail.
    judges_down: bool = False
    #: Share of the cases that the current target answers badly.
    bad: float = 0.0
    #: Whether the answers of the current target name another model.
    another_model: bool = False


CALM = World()


class Script(Struct, frozen=True, kw_only=True):
    """One kind of drill."""

    #: What happens, in words; ``{share}`` is the share of bad answers.
    injected: str
    #: (look after the injection, from 1; share of bad answers) -> what is wrong at it.
    world: Callable[[int, float], World]
    #: Whether this is the alert that must follow.
    expected: Callable[[Alert], bool]
    #: The alert that must follow, in words.
    awaited: str
    #: Looks after which it is given up.
    patience: int = _PATIENCE
    needs_judge: bool = False
    #: Whether Alertmanager is out of reach until somebody else has paged.
    alertmanager_down: bool = False


def _named(name: str) -> Callable[[Alert], bool]:
    return lambda alert: alert.labels.get("alertname") == name


def _about_the_model(alert: Alert) -> bool:
    return alert.labels.get("alert_type") == AlertType.MODEL.value and alert.labels.get("alertname") not in _INSTRUMENTS


def _ramp(look: int, share: float) -> World:
    return World(bad=share * min(1.0, look / RAMP_LOOKS))


_A_DROP = "an alert of the model"

SCRIPTS: Mapping[DrillKind, Script] = {
    DrillKind.PROVIDER_DOWN: Script(
        injected="every call to the provider of the current target fails with 503",
        world=lambda _look, _share: World(provider_down=True),
        expected=_named("ProviderDown"),
        awaited="ProviderDown",
    ),
    DrillKind.QUALITY_DROP: Script(
        injected="{share} of the cases are answered badly by the current target",
        world=lambda _look, share: World(bad=share),
        expected=_about_the_model,
        awaited=_A_DROP,
    ),
    DrillKind.SILENT_MODEL_UPDATE: Script(
        injected="another model answers under the same name, {share} of the cases badly",
        world=lambda _look, share: World(bad=share, another_model=True),
        expected=_about_the_model,
        awaited=_A_DROP,
    ),
    DrillKind.JUDGE_DOWN: Script(
        injected="every call of the judges fails with 503",
        world=lambda _look, _share: World(judges_down=True),
        expected=_named("EvalBlind"),
        awaited="EvalBlind",
        needs_judge=True,
    ),
    DrillKind.ALERTMANAGER_DOWN: Script(
        injected="the provider is down, and Alertmanager is out of reach",
        world=lambda _look, _share: World(provider_down=True),
        expected=_named("ProviderDown"),
        awaited="ProviderDown",
        alertmanager_down=True,
    ),
    DrillKind.SLOW_RAMP: Script(
        injected=f"bad answers of the current target grow to {{share}} of the cases over {RAMP_LOOKS} looks",
        world=_ramp,
        expected=_about_the_model,
        awaited=_A_DROP,
        patience=_LONG_PATIENCE,
    ),
}
