"""Prompts: a case and a prompt template become the messages that are sent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from watchdog.domain.case import Case, Message
from watchdog.domain.target import Prompt
from watchdog.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from jinja2 import Template


def messages_for(case: Case, prompt: Prompt | None) -> tuple[Message, ...]:
    """Return what is sent for a case.

    Without a prompt, the case's messages as they are (or its ``input`` as a user message). With one, its system and
    user templates, filled from the case's variables and ``contexts``, ``messages`` (a list of {role, content}) and
    ``input`` (the variable of that name, else what the user said last).

    Raises InvalidInput when a template is broken or asks for something the case does not have.
    """
    if prompt is None:
        return case.messages or _plain(case)
    system, user = _compiled(prompt)
    names = _names(case)
    messages = [] if system is None else [Message(role="system", content=_render(system, names, prompt, case))]
    return (*messages, Message(role="user", content=_render(user, names, prompt, case)))


def _plain(case: Case) -> tuple[Message, ...]:
    text = case.variables.get("input")
    if not isinstance(text, str):
        message = f"case {case.id!r} has neither messages nor an 'input', and the target has no prompt"
        raise InvalidInput([Problem(file="cases", message=message)])
    return (Message(role="user", content=text),)


def _names(case: Case) -> dict[str, Any]:
    names: dict[str, Any] = {
        "contexts": list(case.contexts),
        "messages": [{"role": message.role, "content": message.content} for message in case.messages],
    }
    for message in case.messages:
        if message.role == "user":
            names["input"] = message.content
    return {**names, **case.variables}


@lru_cache(maxsize=64)
def _compiled(prompt: Prompt) -> tuple[Template | None, Template]:
    from jinja2 import StrictUndefined  # noqa: PLC0415 - a watch without prompts never pays for it
    from jinja2.exceptions import TemplateSyntaxError  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    try:
        system = None if prompt.system is None else environment.from_string(prompt.system)
        return system, environment.from_string(prompt.user)
    except TemplateSyntaxError as error:
        problem = Problem(file=prompt.name, line=error.lineno, message=f"not a template: {error.message}")
        raise InvalidInput([problem]) from None


def _render(template: Template, names: Mapping[str, Any], prompt: Prompt, case: Case) -> str:
    from jinja2.exceptions import SecurityError, UndefinedError  # noqa: PLC0415

    try:
        return template.render(names)
    except UndefinedError as error:
        message = f"{error.message} in case {case.id!r}"
        hint = "give the case this variable, or use {% if name is defined %}"
    except SecurityError as error:
        message, hint = f"a template may not do this: {error}", None
    except Exception as error:  # noqa: BLE001 - a template is a program
        message, hint = f"the template failed for case {case.id!r}: {type(error).__name__}", None
    raise InvalidInput([Problem(file=prompt.name, message=message, hint=hint)])
