"""The user's own code as a target."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from watchdog.domain.case import Message
from watchdog.domain.response import Request, ToolCall, Usage
from watchdog.errors import ErrorKind, ProviderError, UsageError
from watchdog.providers.python_callable import PythonProvider

REQUEST = Request(model="m", messages=(Message(role="user", content="secret prompt"),))


@pytest.fixture(autouse=True)
def agents_on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield
    sys.modules.pop("my_agents", None)


async def test_an_async_callable_answers_with_a_text():
    assert (await PythonProvider(callable="my_agents:echo").complete(REQUEST)).text == "you said secret prompt"


async def test_a_plain_function_runs_in_a_thread():
    answer = await PythonProvider(callable="my_agents:blocking").complete(REQUEST)
    assert (answer.text, answer.served_model) == ("from a thread", "m")


async def test_a_mapping_may_carry_usage_and_tool_calls():
    answer = await PythonProvider(callable="my_agents:detailed").complete(REQUEST)
    assert answer.usage == Usage(input_tokens=3)
    assert answer.tool_calls == (ToolCall(name="crm", error="down"),)


async def test_a_nested_name_is_found():
    assert (await PythonProvider(callable="my_agents:Agents.nested").complete(REQUEST)).text == "nested"


async def test_an_exception_is_internal_and_tells_its_place_but_not_the_prompt():
    with pytest.raises(ProviderError) as caught:
        await PythonProvider(callable="my_agents:broken").complete(REQUEST)
    assert (caught.value.kind, caught.value.retryable) == (ErrorKind.INTERNAL, False)
    assert "KeyError at my_agents.py:" in str(caught.value)
    assert "secret prompt" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_callable_may_say_itself_what_kind_of_failure_it_met():
    with pytest.raises(ProviderError) as caught:
        await PythonProvider(callable="my_agents:overloaded").complete(REQUEST)
    assert caught.value.kind is ErrorKind.SERVER


async def test_something_that_is_no_answer_is_internal():
    with pytest.raises(ProviderError, match="expected an object, not int"):
        await PythonProvider(callable="my_agents:wrong").complete(REQUEST)


@pytest.mark.parametrize("path", ["no_colon", ":name", "module:"])
def test_a_path_of_the_wrong_form_is_refused(path):
    with pytest.raises(UsageError, match=r"package\.module:name"):
        PythonProvider(callable=path)


@pytest.mark.parametrize("path", ["no_such_module_at_all:f", "my_agents:nobody", "my_agents:__name__"])
def test_a_callable_that_does_not_exist_is_known_before_the_first_call(path):
    with pytest.raises(UsageError):
        PythonProvider(callable=path).warm_up()
