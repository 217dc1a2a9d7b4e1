"""Checks of JSON answers: is-json, contains-json, json-field, json-fields."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from watchdog.domain.case import Case
from watchdog.domain.metric import Layer
from watchdog.domain.response import Response
from watchdog.domain.score import Score
from watchdog.score.check import Check, no_reference, quoted
from watchdog.text.json_answer import extract_json, parse_json
from watchdog.text.words import squeezed

if TYPE_CHECKING:
    import regex
    from jsonschema.protocols import Validator

#: Stands for "the path leads nowhere", which is not null.
_NOWHERE = object()


@dataclass(frozen=True, kw_only=True)
class IsJson(Check):
    """The whole answer is JSON, as a parser would take it: no prose and no code fence around it."""

    scalar: ClassVar[str | None] = "schema"
    files: ClassVar[frozenset[str]] = frozenset({"schema"})
    layer: ClassVar[Layer] = Layer.BEHAVIORAL

    #: JSON Schema it must fulfil, or the path of a file that holds one.
    schema: dict[str, Any] | str | None = None
    name: str = "is-json"

    def __post_init__(self) -> None:
        _ = self._validator

    def arguments(self) -> dict[str, Any]:
        """The schema itself, wherever it was read from."""
        return {"schema": self._schema}

    @cached_property
    def _schema(self) -> Any:
        if not isinstance(self.schema, str):
            return self.schema
        try:
            return json.loads(Path(self.schema).read_text(encoding="utf-8"))
        except OSError as problem:
            raise ValueError(f"the schema {self.schema} cannot be read: {problem.strerror}") from None
        except ValueError as problem:
            raise ValueError(f"the schema {self.schema} is not JSON: {problem}") from None

    @cached_property
    def _validator(self) -> Validator | None:
        return None if self._schema is None else _validator_of(self._schema)

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Parse the answer, then hold it against the schema."""
        try:
            value = parse_json(response.text)
        except ValueError:
            fenced = extract_json(response.text) is not None
            return Score.of(passed=False, reason=f"not JSON alone{': there is text around it' if fenced else ''}")
        return self._held_against_schema(value)

    def _held_against_schema(self, value: Any) -> Score:
        if self._validator is None:
            return Score.of(passed=True)
        error = next(iter(self._validator.iter_errors(value)), None)
        if error is None:
            return Score.of(passed=True)
        if error.validator == "required":  # speaks of names in the schema alone
            return Score.of(passed=False, reason=error.message)
        place = "/".join(str(part) for part in error.absolute_schema_path)
        return Score.of(passed=False, reason=f"breaks the schema at {place}")


@dataclass(frozen=True, kw_only=True)
class ContainsJson(IsJson):
    """There is JSON in the answer: the whole of it, a fenced block, or an object in the middle of prose."""

    name: str = "contains-json"

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Find the JSON, then hold it against the schema."""
        value = extract_json(response.text)
        if value is None:
            return Score.of(passed=False, reason="no JSON found")
        return self._held_against_schema(value)


def _validator_of(schema: Any) -> Validator:
    """A validator that never goes to the network for a reference."""
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 - 90 ms, and only when used
    from jsonschema.validators import validator_for  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415

    if not isinstance(schema, dict):
        raise ValueError("a JSON Schema is an object")  # noqa: TRY004 - bad arguments are ValueErrors
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as problem:
        raise ValueError(f"the JSON Schema is not valid at {problem.json_path}: {problem.message}") from None
    return kind(schema, registry=Registry(), format_checker=kind.FORMAT_CHECKER)


@dataclass(frozen=True, kw_only=True)
class JsonField(Check):
    """One field of a JSON answer, by JMESPath, equals a value, matches a pattern, or equals what the case expects."""

    scalar: ClassVar[str | None] = "path"
    reads_expected: ClassVar[bool] = True

    path: str
    equals: Any = None
    #: Regular expression that must be found in the field's text.
    matches: str | None = None
    ignore_case: bool = False
    name: str = "json-field"

    def __post_init__(self) -> None:
        _search(self.path, {})
        if self.matches is not None:
            if self.equals is not None:
                raise ValueError("give 'equals' or 'matches', not both")
            _ = self._pattern

    @cached_property
    def _pattern(self) -> regex.Pattern[str]:
        import regex  # noqa: PLC0415 - 20 ms, and only when used

        try:
            return regex.compile(self.matches or "", regex.IGNORECASE if self.ignore_case else 0)
        except regex.error as problem:
            raise ValueError(f"the pattern {quoted(self.matches or '')} does not compile: {problem}") from None

    def check(self, case: Case, response: Response) -> Score:
        """Find the field, then compare."""
        wanted = self._wanted(case)
        if wanted is _NOWHERE:
            return no_reference(f"value at {self.path}")
        value = extract_json(response.text)
        if value is None:
            return Score.of(passed=False, reason="no JSON found")
        found = _search(self.path, value)
        if self.matches is not None:
            try:
                passed = isinstance(found, str) and self._pattern.search(found, timeout=1.0) is not None
            except TimeoutError:
                return Score.unscored(f"the pattern {quoted(self.matches)} took more than 1 s on this answer")
            return Score.of(passed, "" if passed else f"{self.path} does not match {quoted(self.matches)}")
        passed = same_value(found, wanted, ignore_case=self.ignore_case)
        return Score.of(passed, "" if passed else f"{self.path} is not {_shown(wanted)}")

    def _wanted(self, case: Case) -> Any:
        if self.matches is not None or self.equals is not None:
            return self.equals
        if not isinstance(case.expected, dict):
            return _NOWHERE
        if self.path in case.expected:
            return case.expected[self.path]
        found = _search(self.path, case.expected)
        return _NOWHERE if found is None else found


@dataclass(frozen=True, kw_only=True)
class JsonFields(Check):
    """Every field of the case's expected object is in the JSON answer with the same value.

    The score is the share of the fields that agree; the outcome is *passed* when all do. Fields that the answer has
    beyond those are the schema's business (``is-json``).
    """

    scalar: ClassVar[str | None] = "fields"
    reads_expected: ClassVar[bool] = True

    #: Only these fields of the expected object; all when not given.
    fields: list[str] | None = None
    ignore_case: bool = False
    name: str = "json-fields"

    def __post_init__(self) -> None:
        if self.fields is not None and not self.fields:
            raise ValueError("'fields' must name at least one field")

    def check(self, case: Case, response: Response) -> Score:
        """Compare field by field."""
        if not isinstance(case.expected, dict) or not case.expected:
            return no_reference("object")
        names = list(case.expected) if self.fields is None else self.fields
        if absent := [name for name in names if name not in case.expected]:
            return no_reference(f"value of {', '.join(absent)}")
        value = extract_json(response.text)
        if not isinstance(value, dict):
            return Score.of(passed=False, reason="no JSON object found")
        wrong = [name for name in names if not self._agrees(value, case.expected, name)]
        shown = ", ".join(f"{name} is not {_shown(case.expected[name])}" for name in wrong[:5])
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        return Score(value=1 - len(wrong) / len(names), reason=shown + more)

    def _agrees(self, value: dict[str, Any], expected: dict[str, Any], name: str) -> bool:
        return name in value and same_value(value[name], expected[name], ignore_case=self.ignore_case)


def same_value(found: object, wanted: object, *, ignore_case: bool = False) -> bool:
    """Equality of JSON values: 5 is 5.0 but not true and not "5"; space and Unicode form of texts never count."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, str) and isinstance(wanted, str):
        found, wanted = squeezed(found), squeezed(wanted)
        return found.casefold() == wanted.casefold() if ignore_case else found == wanted
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(
            same_value(found[name], wanted[name], ignore_case=ignore_case) for name in wanted
        )
    if isinstance(found, list) and isinstance(wanted, (list, tuple)):
        return len(found) == len(wanted) and all(
            same_value(one, other, ignore_case=ignore_case) for one, other in zip(found, wanted, strict=True)
        )
    return found == wanted


def _search(path: str, value: Any) -> Any:
    """JMESPath search; ValueError when the path is not one. jmespath keeps compiled paths itself."""
    import jmespath  # noqa: PLC0415 - 20 ms, and only when used
    from jmespath.exceptions import JMESPathError, JMESPathTypeError  # noqa: PLC0415

    try:
        return jmespath.search(path, value)
    except JMESPathTypeError:
        return None  # a function met a value of another type: the answer's fault, and not what was expected
    except JMESPathError as problem:
        raise ValueError(f"the path {quoted(path)} is not JMESPath: {problem}") from None


def _shown(value: Any) -> str:
    return quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)[:60]
