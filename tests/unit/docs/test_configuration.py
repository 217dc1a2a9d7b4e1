"""docs/configuration.md against the code: every key, every short name, every argument, every default."""

import inspect
import json
import re
from pathlib import Path

import pytest

from watchdog.catalog import VOCABULARY
from watchdog.domain.policy import Policy
from watchdog.domain.watch import Limits, Schedule
from watchdog.settings.load import KEYS
from watchdog.settings.parts import Parts
from watchdog.settings.scorers import MetricShape, judge_part
from watchdog.settings.shapes import (
    BudgetShape,
    CasesShape,
    DrillsShape,
    HeadShape,
    HeartbeatShape,
    HooksShape,
    HousePolicyShape,
    LimitsShape,
    MeasureShape,
    MeasuresShape,
    OwnerShape,
    PriceShape,
    ProviderKeys,
    RetentionShape,
    ServerShape,
    TargetShape,
    TrafficShape,
    WatchShape,
)
from watchdog.text.quantities import parse_duration, parse_rate

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
PARTS = Parts(VOCABULARY)

SECTIONS = {
    "owner": OwnerShape,
    "policy": HousePolicyShape,
    "server": ServerShape,
    "heartbeat": HeartbeatShape,
    "retention": RetentionShape,
    "drills": DrillsShape,
    "prices": PriceShape,
    "hooks": HooksShape,
    "providers": ProviderKeys,
    "limits": LimitsShape,
    "watches": WatchShape,
    "cases": CasesShape,
    "traffic": TrafficShape,
    "current, pinned, fallback": TargetShape,
    "measures": MeasuresShape,
    "latency, length, tokens, cost": MeasureShape,
    "budget": BudgetShape,
    "scorers": MetricShape,
}


def rows(heading):
    """Cells of the table below a heading, the head and the rule left out."""
    [section] = re.findall(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def documented(heading):
    """Default by key, as it is written."""
    return {cells[0].strip("`"): cells[2] for cells in rows(heading)}


def readings(text):
    """What a default may mean."""
    found = [text, None if text == "null" else text]
    for read in (parse_duration, parse_rate, json.loads):
        try:
            found.append(read(text))
        except ValueError:
            continue
    return found


def real_default(shape, key):
    """The default that is in force: the shape's, or the one of what is made of it."""
    default = shape.model_fields[key].get_default(call_default_factory=True)
    if default is None:
        made_of_it = {HousePolicyShape: Policy(), LimitsShape: Limits(), WatchShape: Schedule(every=1800.0)}.get(shape)
        default = getattr(made_of_it, key, None)
    return default


def test_every_top_key_is_described():
    assert [cells[0].strip("`") for cells in rows("The top of the file")] == list(KEYS)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_of_a_section_is_described_in_order(heading):
    assert list(documented(heading)) == list(SECTIONS[heading].model_fields)


@pytest.mark.parametrize(("heading", "shape"), [("The top of the file", HeadShape), *SECTIONS.items()])
def test_every_default_is_the_real_one(heading, shape):
    for key, said in documented(heading).items():
        if key not in shape.model_fields:
            continue
        assert (said == "required") == shape.model_fields[key].is_required(), key
        if said.startswith("`"):
            assert real_default(shape, key) in readings(said.strip("`")), key
        elif said == "none":
            assert real_default(shape, key) in (None, "", [], {}, BudgetShape()), key
        elif said != "required":  # in words: another section, or what the house puts in its place
            sections = (LimitsShape, MeasuresShape, MeasureShape)
            assert real_default(shape, key) in (None, *(section.model_validate({}) for section in sections)), key


@pytest.mark.parametrize(
    ("heading", "kind", "column"),
    [("Kinds of providers", "provider", 1), ("Scorers", "scorer", 2), ("notify", "notifier", 1)],
)
def test_every_short_name_is_described_with_its_arguments(heading, kind, column):
    table = rows(heading)
    names = [re.findall("`([^`]+)`", cells[0])[0] for cells in table]
    assert sorted(names) == sorted([*PARTS.names(kind), *(["judge"] if kind == "scorer" else [])])
    for name, cells in zip(names, table, strict=True):
        part = judge_part() if name == "judge" else PARTS.find(kind, name)
        arguments = {key: value for key, value in part.parameters.items() if kind != "scorer" or key != "name"}
        assert cells[column] == ", ".join(written(key, value.default) for key, value in arguments.items()), name


def written(name, default):
    if default is inspect.Parameter.empty:
        return f"`{name}` (required)"
    return f"`{name}`" if default is None else f"`{name}={json.dumps(default)}`"


def test_bare_values_and_the_use_of_expected_are_the_real_ones():
    for cells in rows("Scorers"):
        name = re.findall("`([^`]+)`", cells[0])[0]
        part = judge_part() if name == "judge" else PARTS.find("scorer", name)
        assert cells[1].strip("`") == (part.scalar or ""), name
        assert ("°" in cells[0]) == bool(getattr(part.factory, "reads_expected", False)), name


def test_the_limits_are_those_of_the_domain():
    assert set(Limits.__struct_fields__) == set(LimitsShape.model_fields)
