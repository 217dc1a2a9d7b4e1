"""What set.yaml, judge.yaml, prompt files and the rows beside them must look like."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from watchdog.text.documents.fit import Name, Shape, Text


def _version(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _identifier(value: str) -> str:
    if not 0 < len(value) <= 128 or not value.isprintable() or value.split() != [value]:
        raise ValueError("must be 1 to 128 characters without spaces")
    return value


def _variable(value: str) -> str:
    if not value.isidentifier():
        raise ValueError("is not the name of a variable: letters, digits and '_', a letter first")
    return value


Version = Annotated[Text, BeforeValidator(_version)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Variable = Annotated[str, AfterValidator(_variable)]


class SetShape(Shape):
    """set.yaml."""

    name: Name
    version: Version
    description: str = ""
    reviewed_by: list[Text] = Field(default_factory=list, description="who read every case")
    license: str = ""
    tags: list[Name] = Field(default_factory=list, description="every tag that a case may carry")
    prompt: Text | None = Field(None, description="the prompt file that goes with the set")
    json_schema: Text | None = Field(None, alias="schema", description="the JSON Schema that answers are held against")


class MessageShape(Shape):
    """One chat message."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class ConversationShape(Shape):
    """An input given as chat messages."""

    input: list[MessageShape] = Field(min_length=1)


class CaseShape(Shape):
    """A row of cases.jsonl; ``input`` and ``checks`` are looked at apart."""

    id: Identifier
    input: Any = None
    variables: dict[Variable, Any] = Field(default_factory=dict)
    expected: Any = None
    contexts: list[str] = Field(default_factory=list)
    checks: list[Any] = Field(default_factory=list)
    tags: list[Name] = Field(default_factory=list)
    weight: float = Field(1.0, gt=0, le=1_000_000)
    cluster: Identifier | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class JudgeShape(Shape):
    """judge.yaml; ``scale`` is looked at apart."""

    name: Name
    version: Version
    provider: Name
    model: Text
    parameters: dict[str, Any] = Field(default_factory=dict)
    scale: Any
    bar: float = Field(gt=0, le=1)
    description: str = ""
    rubric: Text = "rubric.md"
    anchors: Text = "anchors.jsonl"


class AnchorShape(Shape):
    """A row of anchors.jsonl; ``human`` is looked at apart."""

    id: Identifier
    input: Text
    answer: str
    human: Any
    expected: Any = None
    contexts: list[str] = Field(default_factory=list)
    note: str = ""


class PromptShape(Shape):
    """A prompt given as YAML."""

    user: Text
    system: str | None = None
