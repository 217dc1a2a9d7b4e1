import inspect
import typing
from dataclasses import fields

import pytest

from watchdog.domain.metric import Better, Layer
from watchdog.score import check as base
from watchdog.score.checks import behaviour, limits, number, structure, text

MODULES = (text, structure, number, limits, behaviour)
CHECKS = sorted(
    {
        kind
        for module in MODULES
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, base.Check)
    }
    - {base.Check},
    key=lambda kind: kind.__name__,
)
ARGUMENTS = {"MaxChars": {"max": 9}, "Latency": {"max": 9}, "Cost": {"max": 9}, "WordCount": {"max": 9},
             "JsonField": {"path": "a"}, "Language": {"value": "en"}}  # fmt: skip
SECRET = "Zebulon-7741"


def make(kind, **more):
    return kind(**ARGUMENTS.get(kind.__name__, {}), **more)


@pytest.mark.parametrize("kind", CHECKS)
def test_every_check_tells_settings_what_it_needs_to_know(kind):
    hints = typing.get_type_hints(kind.__init__)
    names = {field.name for field in fields(kind)}
    assert kind.scalar is None or kind.scalar in names
    assert kind.files <= names
    assert {"name", *names} <= set(hints)
    assert isinstance(kind.better, Better)
    assert isinstance(kind.layer, Layer)
    assert make(kind).name == kind.__dataclass_fields__["name"].default
    assert kind.__doc__


@pytest.mark.parametrize("kind", CHECKS)
def test_the_digest_follows_the_arguments_and_not_the_name(kind):
    assert make(kind).digest == make(kind, name="other").digest
    assert len({make(other).digest for other in CHECKS}) == len(CHECKS)


def test_another_argument_gives_another_digest():
    assert text.Contains(value="a").digest != text.Contains(value="b").digest
    assert limits.MaxChars(max=1).digest != limits.MaxChars(max=2).digest


@pytest.mark.parametrize("kind", CHECKS)
@pytest.mark.parametrize(
    "answer",
    [SECRET, f'{{"{SECRET}": "{SECRET}"}}', f"write to {SECRET}@example.com {SECRET}", f"I can't help {SECRET}"],
)
@pytest.mark.parametrize("expected", [None, "billing", {"category": "x"}, ["a"]])
def test_no_reason_quotes_the_answer(scored, kind, answer, expected):
    assert SECRET not in scored(make(kind), answer, expected=expected).reason


@pytest.mark.parametrize("kind", [kind for kind in CHECKS if kind.reads_expected])
def test_a_case_without_expectation_is_unscored_and_never_zero(scored, kind):
    assert scored(make(kind), "an answer").value is None
