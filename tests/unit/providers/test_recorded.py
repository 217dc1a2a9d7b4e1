"""Responses from a file."""

from __future__ import annotations

import json

import pytest

from watchdog.domain.response import Request, Usage
from watchdog.errors import ErrorKind, InvalidInput, ProviderError
from watchdog.providers.recorded import RecordedProvider


@pytest.fixture
def recorded(tmp_path):
    def write(*rows):
        path = tmp_path / "responses.jsonl"
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
        return RecordedProvider(path=str(path))

    return write


def request_of(case_id, repeat=0):
    return Request(model="m", messages=(), case_id=case_id, repeat=repeat)


async def test_a_case_answers_what_was_recorded(recorded):
    row = {"case_id": "a", "text": "hi", "finish_reason": "stop", "served_model": "m-1", "usage": {"output_tokens": 2}}
    answer = await recorded(row, "").complete(request_of("a"))
    assert (answer.text, answer.finish_reason, answer.served_model) == ("hi", "stop", "m-1")
    assert answer.usage == Usage(output_tokens=2)


async def test_a_text_may_hold_what_other_programs_take_for_the_end_of_a_line(recorded):
    text = "first\u2028second\x85third\x0bfourth"
    answer = await recorded(json.dumps({"case_id": "a", "text": text}, ensure_ascii=False)).complete(request_of("a"))
    assert answer.text == text


async def test_each_repeat_has_its_own_row_whatever_was_asked_before(recorded):
    provider = recorded(
        {"case_id": "a", "text": "second", "repeat": 1},
        {"case_id": "a", "text": "first"},
        {"case_id": "b", "text": "b"},
    )
    texts = [(await provider.complete(request_of("a", repeat))).text for repeat in (1, 0, 0, 2, 3)]
    assert texts == ["second", "first", "first", "first", "second"]
    assert (await provider.complete(request_of("b", 5))).text == "b"


async def test_a_case_without_a_row_is_not_found(recorded):
    with pytest.raises(ProviderError, match="'z'") as caught:
        await recorded().complete(request_of("z"))
    assert caught.value.kind is ErrorKind.NOT_FOUND


@pytest.mark.parametrize("absurd", [-1, 10**30, 2**31])
async def test_a_count_of_tokens_that_cannot_be_true_is_unknown(recorded, absurd):
    row = {"case_id": "a", "text": "hi", "usage": {"input_tokens": absurd, "output_tokens": 2}}
    assert (await recorded(row).complete(request_of("a"))).usage == Usage(output_tokens=2)


@pytest.mark.parametrize("count", [True, float("nan"), "12"])
def test_a_count_of_tokens_that_is_no_whole_number_is_told(recorded, count):
    with pytest.raises(InvalidInput, match="must be a whole number of tokens"):
        recorded({"case_id": "a", "text": "x", "usage": {"input_tokens": count}})


def test_every_broken_row_is_told_with_its_line(recorded):
    with pytest.raises(InvalidInput) as caught:
        recorded(
            {"case_id": "a", "text": "fine"},
            "{not json",
            "[]",
            {"text": "no case"},
            {"case_id": "a"},
            {"case_id": "a", "text": "x", "repeat": -1},
            {"case_id": "a", "text": "x", "usage": {"input_tokens": 1.5}},
            {"case_id": "a", "text": "x", "extra": 1},
        )
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4, 5, 6, 7, 8]


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InvalidInput, match="No such file"):
        RecordedProvider(path=str(tmp_path / "gone.jsonl"))
