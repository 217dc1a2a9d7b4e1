"""The endpoint provider's templates and paths, before any request."""

from __future__ import annotations

import pytest

from watchdog.domain.case import Message
from watchdog.domain.response import Request
from watchdog.errors import InvalidInput
from watchdog.providers.http_json import HttpProvider, input_of


def test_every_template_and_path_that_does_not_compile_is_told():
    with pytest.raises(InvalidInput) as caught:
        HttpProvider(
            url="http://127.0.0.1:9",
            body={"a": "{{ input", "b": ["{% for %}"], "c": "{{ 1 + }}"},
            answer="out[",
            contexts="docs..",
        )
    assert [problem.field for problem in caught.value.problems] == [
        "body.a",
        "body.b[0]",
        "body.c",
        "answer",
        "contexts",
    ]


def test_the_input_is_the_variable_or_what_the_user_said_last():
    messages = (Message(role="user", content="one"), Message(role="assistant", content="two"))
    assert input_of(Request(model="m", messages=messages)) == "one"
    assert input_of(Request(model="m", messages=messages, variables={"input": "given"})) == "given"
    assert input_of(Request(model="m", messages=())) == ""
