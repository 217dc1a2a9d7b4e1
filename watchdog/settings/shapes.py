"""What each section of watchdog.yaml must look like."""

from __future__ import annotations

import shlex
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from watchdog.domain.drill import DrillKind
from watchdog.text.documents.fit import Name, Seconds, Shape, Text
from watchdog.text.quantities import parse_money, parse_rate


def _money(value: Any) -> Any:
    return parse_money(value) if isinstance(value, str) else value


def _rate(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("is not a rate; write 1 per 90d")  # noqa: TRY004 - pydantic wants a ValueError
    return parse_rate(value)


#: ``5 USD``, ``$5``, or a number of US dollars.
Dollars = Annotated[
    float,
    BeforeValidator(_money),
    Field(ge=0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"^\s*\$?\s*[\d.]+\s*(USD)?\s*$|\$\{"},
            ],
            "description": "5 USD, $5, or a number of US dollars",
        }
    ),
]
#: ``1 per 90d``.
Rate = Annotated[
    tuple[float, float],
    BeforeValidator(_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\s*[\d.]+\s*(per|/|in|every)\s*.+", "description": "1 per 90d"}),
]
Share = Annotated[float, Field(gt=0, le=1)]


def _host_name(value: str) -> str:
    if not set(value).isdisjoint("/:@* \t"):
        raise ValueError("is not the name of a host; write it without scheme, port and path: watchdog.internal")
    return value.lower()


#: ``watchdog.internal``.
HostName = Annotated[Text, AfterValidator(_host_name)]


def _words(value: Any) -> Any:
    return shlex.split(value) if isinstance(value, str) else value


#: ``flagctl off reply``, or ``[flagctl, "off", reply]``.
Command = Annotated[
    list[Text],
    BeforeValidator(_words),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ],
            "description": "flagctl off reply",
        }
    ),
]
#: A tag of cases; it stands in labels.
Tag = Annotated[Text, Field(max_length=100)]


class OwnerShape(Shape):
    """Who is told; both stand in the labels of every alert."""

    team: Name
    vertical: Name = "general"


class LimitsShape(Shape):
    """How calls to a provider are paced."""

    concurrency: int | None = Field(None, ge=1, le=10_000, description="calls in flight at the start")
    max_concurrency: int | None = Field(None, ge=1, le=10_000, description="calls in flight at the most")
    requests_per_minute: float | None = Field(None, gt=0)
    tokens_per_minute: float | None = Field(None, gt=0)
    timeout: Annotated[Seconds, Field(gt=0)] = 60.0
    attempts: int = Field(5, ge=1, le=100, description="attempts for each call, the first included")
    backoff_cap: Annotated[Seconds, Field(ge=0)] = 60.0


class TargetShape(Shape):
    """What answers."""

    provider: Name
    model: Text
    prompt: Text | None = Field(None, description="a prompt file: .md or .yaml")
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="temperature, max_tokens, ... as the API has it"
    )


class TrafficShape(Shape):
    """Production samples replayed beside the golden set."""

    path: Text
    per_run: int = Field(50, ge=1, le=1_000_000)
    scorers: list[Name] = Field(default_factory=list, description="scorers that need no reference")


class CasesShape(Shape):
    """Where cases come from: a golden set, traffic, or both."""

    golden: Text | None = None
    traffic: TrafficShape | None = None


class BudgetShape(Shape):
    """Spending limits."""

    per_run: Dollars | None = None
    per_day: Dollars | None = None


class MeasureShape(Shape):
    """What is done about a measure that rises."""

    pages: bool = Field(False, description="whether a rise may wake somebody; otherwise it is a ticket")
    smallest_rise: float = Field(0.15, gt=0, le=10, description="the smallest rise that matters: 0.15 is 15 % more")


def _switch(value: Any) -> Any:
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


#: A measure's settings; ``false`` switches it off.
Switched = Annotated[
    MeasureShape | None,
    BeforeValidator(_switch),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "null"}, MeasureShape.model_json_schema()]}),
]


class MeasuresShape(Shape):
    """What every answer tells without being scored, against the baseline; all of it unless switched off."""

    latency: Switched = Field(default_factory=lambda: MeasureShape.model_validate({}))
    length: Switched = Field(default_factory=lambda: MeasureShape.model_validate({}))
    tokens: Switched = Field(default_factory=lambda: MeasureShape.model_validate({}))
    cost: Switched = Field(default_factory=lambda: MeasureShape.model_validate({}))


class WatchShape(Shape):
    """Feature + cases + targets + scorers + cadence + owner + runbook."""

    cases: CasesShape
    current: TargetShape = Field(description="what production uses now")
    pinned: TargetShape | None = Field(None, description="control arm: a dated snapshot that should not move")
    fallback: TargetShape | None = Field(None, description="what production fails over to")
    scorers: list[Any] = Field(min_length=1)
    measures: MeasuresShape = Field(default_factory=lambda: MeasuresShape.model_validate({}))
    feature: Name | None = Field(None, description="name of the feature; the watch's by default")
    owner: OwnerShape | None = None
    every: Annotated[Seconds, Field(ge=1)] | None = None
    cron: Text | None = Field(None, description="five fields: minute hour day month weekday")
    timezone: Text = "UTC"
    jitter: Annotated[Seconds, Field(ge=0)] = 0.0
    tags: list[Tag] = Field(default_factory=list, description="tags whose cases are metrics of their own")
    paging_tags: list[Tag] = Field(default_factory=list, description="those of them that may wake somebody")
    repeats: int = Field(1, ge=1, le=100)
    cases_per_look: int | None = Field(
        None, ge=10, description="a rotating part of the golden set; all cases if not given"
    )
    pinned_every: int = Field(1, ge=1, le=1000, description="the pinned target is asked at every so many looks")
    smallest_drop: Share = Field(0.03, description="the smallest drop worth waking anyone for, in score units")
    budget: BudgetShape = BudgetShape()
    deadline: Annotated[Seconds, Field(gt=0)] = 3600.0
    runbook: Text | None = None
    min_baseline_runs: int = Field(8, ge=2, le=1000)
    floor: Share = 0.5
    blind_after: int = Field(3, ge=1, le=1000)
    verify_fallback_every: Annotated[Seconds, Field(ge=60)] | None = Field(
        None, description="how often the daemon asks the fallback the golden set"
    )
    fallback_drop: Share = Field(0.1, description="the drop that is acceptable while the fallback answers")
    metadata: dict[str, str] = Field(default_factory=dict)


class PolicyShape(Shape):
    """What wakes whom; what is not given is as in the house, or as by default."""

    urgent_drop: Share | None = Field(None, description="a drop of at least this much pages however slowly it came")
    slow_after: Annotated[Seconds, Field(ge=0)] | None = Field(
        None, description="a smaller drop that began this long ago is a ticket"
    )
    sev1_drop: Share | None = Field(None, description="a drop of this much that most metrics see is a SEV1")
    mass_failure: Share | None = Field(
        None, description="share of the cases that passed and pinned passes, that current must fail to page at once"
    )
    worse_by: float | None = Field(None, gt=1, le=100, description="growth of a drop that is told again")
    latency_slo: Annotated[Seconds, Field(gt=0)] | None = Field(
        None, description="what is promised of the 95 % quantile of latency"
    )
    latency_page: float | None = Field(None, ge=1, le=1000, description="multiple of it that pages")
    cost_expected: float | None = Field(None, ge=1, le=1000, description="multiple of the costs that was foreseen")
    cost_page: float | None = Field(None, ge=1, le=1000, description="multiple of the costs that pages")
    severity_floor: Literal["info", "ticket", "page"] | None = Field(
        None, description="the least severity of a drift that is no rule of thumb"
    )
    hold: Annotated[Seconds, Field(ge=0)] | None = Field(None, description="how long a claim must hold")
    join_within: Annotated[Seconds, Field(ge=0)] | None = Field(
        None, description="evidence that began this much apart is of one incident"
    )
    reopen_within: Annotated[Seconds, Field(ge=0)] | None = Field(
        None, description="an incident that comes back this soon is the same one"
    )
    forget_after: Annotated[Seconds, Field(ge=3600)] | None = Field(
        None, description="an alert that nothing was heard of for this long is given up"
    )


class HousePolicyShape(PolicyShape):
    """The policy of the house, and what is different in a vertical."""

    verticals: dict[Name, PolicyShape] = Field(default_factory=dict)


class ServerShape(Shape):
    """Where ``serve`` listens."""

    host: Text = "127.0.0.1"
    port: int = Field(8790, ge=0, le=65535)
    names: list[HostName] = Field(default_factory=list)


class HeartbeatShape(Shape):
    """A dead man's switch outside the house."""

    ping_url: Text | None = None


class RetentionShape(Shape):
    """How long raw text is kept."""

    text: Annotated[Seconds, Field(gt=0)] = 30 * 86400.0


class DrillsShape(Shape):
    """How often which drills must pass; one that is overdue is an alert."""

    every: Annotated[Seconds, Field(gt=0)] = 30 * 86400.0
    kinds: list[DrillKind] = Field(
        default_factory=lambda: [DrillKind.PROVIDER_DOWN, DrillKind.QUALITY_DROP], min_length=1
    )


class HooksShape(Shape):
    """Programs of your own that change production: a command line, or a list of its words. No shell is in between."""

    pin: Command | None = Field(None, description="production uses the model in EVAL_WATCHDOG_MODEL from now on")
    rollback: Command | None = Field(None, description="production goes back to the last good prompt and model")
    failover: Command | None = Field(None, description="production uses the fallback target from now on")
    disable: Command | None = Field(None, description="the feature gives its plain answer from now on")
    enable: Command | None = Field(None, description="the feature asks its model again")


class PriceShape(Shape):
    """US dollars per million tokens."""

    input: float | None = Field(None, ge=0)
    output: float | None = Field(None, ge=0)
    cached: float | None = Field(None, ge=0)


class HeadShape(Shape):
    """The single values at the top of the file; the sections are read one by one."""

    version: Literal[1]
    store: Text = "sqlite:///watchdog.db"
    false_alarms: Rate = (1.0, 90 * 86400.0)
    runbook_base_url: Text | None = Field(
        None, description="where people reach the pages of serve; runbook_url of alerts leads there"
    )


class ProviderKeys(Shape):
    """What every provider takes beside its own arguments."""

    kind: Text | None = None
    limits: LimitsShape = Field(default_factory=lambda: LimitsShape.model_validate({}))
