"""What plain mappings describe, and what is no answer at all."""

from __future__ import annotations

import pytest

from watchdog.domain.response import Answer, ToolCall, Usage
from watchdog.errors import ErrorKind, ProviderError
from watchdog.providers.answers import spoken, tool_calls_from


@pytest.mark.parametrize("finish_reason", [None, "stop"])
@pytest.mark.parametrize("tokens", [None, 0])
def test_an_empty_shell_is_a_bad_response_and_tried_again(finish_reason, tokens):
    with pytest.raises(ProviderError) as caught:
        spoken(Answer(text="", finish_reason=finish_reason, usage=Usage(output_tokens=tokens)))
    assert (caught.value.kind, caught.value.retryable) == (ErrorKind.BAD_RESPONSE, True)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(text="", finish_reason="stop", usage=Usage(output_tokens=1)),
        Answer(text="", finish_reason="length"),
        Answer(text="", finish_reason="content_filter"),
        Answer(text="", finish_reason="stop", tool_calls=(ToolCall(name="crm"),)),
        Answer(text=" ", finish_reason="stop"),
    ],
)
def test_what_the_model_said_is_an_answer_even_if_it_is_nothing(answer):
    assert spoken(answer) is answer


@pytest.mark.parametrize("as_call", [True, False])
def test_the_error_of_a_tool_is_kept_without_secrets_and_short(as_call):
    error = "401 for ann@example.com with hunter2hunter2 and Bearer abc.def " + "x" * 500
    item = ToolCall(name="crm", error=error) if as_call else {"name": "crm", "error": error}
    [call] = tool_calls_from([item], secrets=["hunter2hunter2"])
    assert call.error.startswith("401 for [email] with *** and Bearer ***")
    assert len(call.error) == 200
