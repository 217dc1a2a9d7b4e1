"""Parts found by name, held against their constructor, and built."""

import json
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import TypeAdapter

from watchdog.errors import UsageError
from watchdog.settings.arguments import Place, read_arguments
from watchdog.settings.parts import Part, Parts, UnusablePart, load_part
from watchdog.settings.secret import Secret
from watchdog.text.documents.node import Node, marked
from watchdog.text.documents.problems import Problems


class Colour(StrEnum):
    RED = "red"


class Paint:
    """Something with one argument of each kind."""

    scalar: ClassVar[str] = "text"
    files: ClassVar[frozenset[str]] = frozenset({"schema"})
    injected: ClassVar[frozenset[str]] = frozenset({"clock"})
    negatable: ClassVar[bool] = True

    def __init__(
        self,
        *,
        text: str,
        count: int = 1,
        wait: float = 0.0,
        names: tuple[str, ...] = (),
        colour: Colour = Colour.RED,
        where: Path | None = None,
        schema: dict[str, int] | str | None = None,
        headers: dict[str, str] | None = None,
        clock: object = None,
    ):
        if text == "no":
            raise ValueError("the text must not be no")
        if headers and "x-fail" in headers:
            raise RuntimeError(f"cannot use {headers}")
        self.given = {key: value for key, value in locals().items() if key != "self"}


class Turned:
    def __init__(self, *, inner, name=""):
        self.inner, self.name = inner, name


class House:
    """Cannot be built without the house."""

    injected: ClassVar[frozenset[str]] = frozenset({"ask"})

    def __init__(self, *, ask, size: int = 1):
        self.ask, self.size = ask, size


class Open:
    def __init__(self, **anything):
        self.anything = anything


class Strange:
    def __init__(self, *, thing: "NoSuchType" = None):  # noqa: F821
        self.thing = thing


def read(factory, given, folder=Path(), *, secret=False):
    problems = Problems("x")
    part = Part("thing", "paint", factory)
    node = given if given is None or isinstance(given, Node) else marked(given, 5)
    found = read_arguments(part, node, Place(problems, folder, "parts[0]", 4), secret=secret)
    return found, [str(problem) for problem in problems.found]


def arguments_of(factory, given, **how):
    found, problems = read(factory, given, **how)
    assert problems == []
    return found[0]


def test_a_bare_value_sets_the_scalar_argument():
    assert arguments_of(Paint, "hello") == {"text": "hello"}
    assert arguments_of(Paint, {"text": "hello", "count": 2}) == {"text": "hello", "count": 2}
    assert read(House, "hello")[1] == ["x:5: parts[0]: paint takes arguments by name: size"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"text": "a", "cuont": 2}, "x:5: parts[0]: paint takes no 'cuont' (did you mean 'count'?)"),
        ({"count": 2}, "x:4: parts[0]: paint needs 'text'"),
        ({"text": 5}, 'x:5: parts[0].text: must be text, not a number (put it in quotes: "5")'),
        ({"text": "a", "count": "2"}, "x:5: parts[0].count: must be a whole number, not text"),
        ({"text": "a", "count": True}, "x:5: parts[0].count: must be a whole number, not true"),
        ({"text": "a", "count": 1.5}, "x:5: parts[0].count: must be a whole number, not a number"),
        ({"text": "a", "names": ["b", 1]}, 'x:5: parts[0].names: must be text, not a number (put it in quotes: "1")'),
        ({"text": "a", "colour": "blue"}, "x:5: parts[0].colour: must be 'red'"),
        ({"text": "a", "clock": 1}, "x:5: parts[0]: paint takes no 'clock'"),
        ({"text": "no"}, "x:4: parts[0]: the text must not be no"),
        ({"text": "a", "where": "none"}, "x:5: parts[0].where: there is no file 'none'"),
        ({"text": "a", "schema": "none.json"}, "x:5: parts[0].schema: there is no file 'none.json'"),
    ],
)
def test_arguments_that_do_not_fit_are_told(given, told):
    found, problems = read(Paint, given)
    assert found is None
    assert len(problems) == 1
    assert problems[0].startswith(told)


def test_every_misfit_is_told_at_once():
    assert len(read(Paint, {"count": "x", "cuont": 1, "wait": []})[1]) == 4


def test_a_number_may_be_written_as_a_duration_or_an_amount():
    assert arguments_of(Paint, {"text": "a", "wait": "2m"})["wait"] == 120.0
    assert arguments_of(Paint, {"text": "a", "wait": "0.05 USD"})["wait"] == 0.05
    assert arguments_of(Paint, {"text": "2m"})["text"] == "2m"
    assert read(Paint, {"text": "a", "wait": "5"})[1]


def test_files_are_made_absolute_and_known(tmp_path):
    (tmp_path / "s.json").write_text("{}")
    found, problems = read(Paint, {"text": "a", "schema": "s.json", "where": "s.json"}, tmp_path)
    assert problems == []
    arguments, files = found
    assert arguments["schema"] == arguments["where"] == str(tmp_path / "s.json")
    assert files == (tmp_path / "s.json",) * 2
    assert arguments_of(Paint, {"text": "a", "schema": {"b": 1}})["schema"] == {"b": 1}


def test_what_came_from_outside_stays_a_secret_until_the_part_is_built():
    given = Node({"text": Node("hush", 1, origin="the environment variable T"), "count": Node("3", 1, origin="C")}, 1)
    arguments = arguments_of(Paint, given, secret=True)
    assert arguments["text"] == Secret("hush")
    assert "hush" not in repr(arguments)
    assert Part("thing", "paint", Paint).construct(arguments).given["text"] == "hush"
    assert Part("thing", "paint", Paint).construct(arguments).given["count"] == 3
    assert arguments_of(Paint, given) == {"text": "hush", "count": 3}


def test_a_secret_that_is_not_set_keeps_the_part_from_being_built_not_from_being_read():
    given = Node({"text": Node("", 1, origin="the environment variable T", unset=True)}, 1)
    arguments = arguments_of(Paint, given, secret=True)
    with pytest.raises(UsageError, match="the environment variable T is not set"):
        Part("thing", "paint", Paint).construct(arguments)


def test_a_constructor_that_raises_is_told_without_the_secrets_it_was_given():
    given = Node({"text": Node("a", 1), "headers": Node({"x-fail": Node("hush!", 1, origin="X")}, 1)}, 1)
    found, problems = read(Paint, given, secret=True)
    assert found is None
    assert problems == ["x:4: parts[0]: RuntimeError: cannot use {'x-fail': '***'}"]


def test_values_are_turned_into_what_the_constructor_asks_for():
    built = Part("thing", "paint", Paint).construct({"text": "a", "names": ["b"], "where": "/tmp", "colour": "red"})
    assert built.given["names"] == ("b",)
    assert built.given["where"] == Path("/tmp")
    assert built.given["colour"] is Colour.RED


def test_the_house_gives_what_is_injected_and_nothing_else():
    part = Part("thing", "paint", Paint)
    assert part.construct({"text": "a"}, {"clock": "tick", "ask": "?"}).given["clock"] == "tick"
    assert arguments_of(House, {"size": 2}) == {"size": 2}
    assert Part("thing", "house", House).construct({"size": 2}, {"ask": len}).ask is len


def test_open_and_strange_constructors_are_left_to_themselves():
    assert arguments_of(Open, {"any": 1, "thing": [2]}) == {"any": 1, "thing": [2]}
    assert arguments_of(Strange, {"thing": [2]}) == {"thing": [2]}


def here(name):
    """A dotted name of something in a module that is imported already."""
    import sys
    import types

    module = types.ModuleType("parts_of_this_test")
    for thing in (Paint, Turned, House):
        setattr(module, thing.__name__, thing)
    module.number = 5
    sys.modules[module.__name__] = module
    return f"{module.__name__}:{name}"


def test_a_name_is_looked_up_in_the_table_or_as_a_dotted_name():
    parts = Parts({"thing": {"paint": here("Paint")}})
    assert parts.find("thing", "paint").factory is Paint
    assert parts.find("thing", here("Paint")).factory is Paint
    assert parts.build("thing", "paint", {"text": "a"}).given["text"] == "a"
    assert parts.names("thing") == ["paint"]
    assert parts.names("nothing") == []


@pytest.mark.parametrize(
    ("name", "says", "hint"),
    [
        ("piant", "there is no thing 'piant'", "did you mean 'paint'?"),
        ("no_such_module:X", "no_such_module cannot be imported: ModuleNotFoundError", ""),
        ("json:dumps_", "there is no dumps_ in json", ""),
        ("json:", "is not a name of the form package.module:Name", ""),
        ("os;ls:x", "is not a name of the form package.module:Name", ""),
        ("parts_of_this_test:number", "cannot be called: number", ""),
    ],
)
def test_a_name_that_cannot_be_used_says_why(name, says, hint):
    parts = Parts({"thing": {"paint": here("Paint")}})
    with pytest.raises(UnusablePart) as raised:
        parts.find("thing", name)
    assert says in str(raised.value)
    assert hint in raised.value.hint


def test_a_part_must_have_the_method_of_its_kind():
    parts = Parts({"scorer": {"paint": here("Paint")}})
    with pytest.raises(UnusablePart, match="paint is not a scorer: it has no method 'score'"):
        parts.find("scorer", "paint")


@pytest.mark.parametrize(
    ("kind", "has", "told"),
    [
        ("provider", {"complete"}, "paint is not a provider: it has no 'aclose'"),
        ("scorer", {"score", "name"}, "paint is not a scorer: it has no 'digest'"),
        ("notifier", {"send", "name", "aclose"}, "paint is not a notifier: it has no 'resend_every'"),
    ],
)
def test_a_part_must_have_all_that_the_house_will_ask_of_it(kind, has, told):
    async def asked(self, *given): ...

    half = type("Half", (), dict.fromkeys(has, asked))
    with pytest.raises(UsageError) as raised:
        Part(kind, "paint", half).construct({})
    assert str(raised.value) == told


@pytest.mark.parametrize("method", ["complete", "aclose"])
def test_a_method_that_cannot_be_awaited_is_told_before_a_run(method):
    async def awaited(self, *given): ...

    def called(self, *given): ...

    whole = {"complete": awaited, "aclose": awaited}
    Part("provider", "paint", type("Whole", (), whole)).construct({})
    with pytest.raises(UsageError, match=f"paint: '{method}' must be written 'async def {method}'"):
        Part("provider", "paint", type("Half", (), {**whole, method: called})).construct({})


def test_not_turns_round_what_can_be_turned_round():
    async def score(self, case, response): ...

    paint = type("Scoring", (Paint,), {"score": score})
    house = type("Plain", (House,), {"score": score})
    import sys

    here("Paint")
    module = sys.modules["parts_of_this_test"]
    module.Scoring, module.Plain = paint, house
    dotted = {name: f"parts_of_this_test:{name}" for name in ("Scoring", "Plain", "Turned")}
    parts = Parts({"scorer": {"paint": dotted["Scoring"], "plain": dotted["Plain"], "not": dotted["Turned"]}})

    built = parts.build("scorer", "not-paint", {"text": "a"})
    assert isinstance(built, Turned)
    assert isinstance(built.inner, paint)
    with pytest.raises(UnusablePart, match="'plain' cannot be turned round"):
        parts.find("scorer", "not-plain")
    for name in ("not", "not-not-paint", "not-"):
        with pytest.raises(UnusablePart):
            parts.find("scorer", name)


def test_load_part_gives_the_very_thing():
    assert load_part("json:dumps") is json.dumps
    assert load_part("pydantic:TypeAdapter") is TypeAdapter
