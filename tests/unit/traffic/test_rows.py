import json

import pytest

from watchdog.domain.case import Message
from watchdog.traffic.rows import TrafficRow, parse_row

WHOLE = {
    "sample_id": "s-1",
    "ts": 1_795_262_400,
    "source": "otlp",
    "trace_id": "4bf92f35",
    "span_id": "00f067aa",
    "feature": "reply",
    "vertical": "travel",
    "provider": "openai",
    "request_model": "large",
    "response_model": "large-2026-08-07",
    "prompt_version": "12",
    "flags": {"short_answers": True},
    "segment": "pro",
    "experiment": "none",
    "input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is my parcel?"}],
    "output": [{"role": "assistant", "content": "In the depot."}],
    "reference": "depot",
    "context": ["Parcel 7: depot."],
    "tool_calls": [{"name": "track", "arguments": {"parcel": 7}}],
    "usage": {"input_tokens": 20, "output_tokens": 4},
    "latency_ms": 412.5,
    "cost": 0.0004,
    "error": None,
    "finish_reason": "stop",
    "sampling": {"rate": 0.1, "stratum": "pro", "weight": 12.5},
    "redaction": {"policy": "none", "version": 1},
}


def refused(text: str | bytes) -> list[tuple[str | None, str]]:
    problems = parse_row(text, file="traffic.jsonl", line=7)
    assert isinstance(problems, tuple)
    assert all((problem.file, problem.line) == ("traffic.jsonl", 7) for problem in problems)
    return [(problem.field, str(problem)) for problem in problems]


def changed(**fields: object) -> str:
    return json.dumps({**WHOLE, **fields})


def test_a_whole_canonical_row_is_read_field_by_field():
    row = parse_row(json.dumps(WHOLE), file="traffic.jsonl")

    assert isinstance(row, TrafficRow)
    assert row.input == (
        Message(role="system", content="Be brief."),
        Message(role="user", content="Where is my parcel?"),
    )
    assert row.output == (Message(role="assistant", content="In the depot."),)
    assert (row.context, row.reference, row.flags) == (("Parcel 7: depot.",), "depot", {"short_answers": True})
    assert (row.weight, row.stratum) == (12.5, "pro")
    assert row.sampling_key == "4bf92f35"


def test_a_sample_id_a_time_and_an_input_are_enough():
    row = parse_row('{"sample_id": "a", "ts": "2026-11-21T13:00:00+01:00", "input": "Hi"}', file="traffic.jsonl")

    assert isinstance(row, TrafficRow)
    assert (row.ts, row.input, row.weight, row.sampling_key) == (1_795_262_400.0, "Hi", 1.0, "a")


def test_a_rate_without_a_weight_gives_its_inverse():
    row = parse_row(changed(sampling={"rate": 0.25}), file="traffic.jsonl")

    assert isinstance(row, TrafficRow)
    assert row.weight == 4.0


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        (changed(promt_version="12"), "promt_version", "did you mean 'prompt_version'?"),
        (changed(favourite_colour="blue"), "favourite_colour", "under 'flags'"),
        (changed(sample_id=""), "sample_id", "must not be empty"),
        (changed(sample_id=17), "sample_id", "must be a text"),
        (changed(ts=1_795_262_400_000), "ts", "Unix time in seconds"),
        (changed(ts="yesterday"), "ts", "Unix time in seconds"),
        (changed(ts="2026-11-21T13:00:00"), "ts", "such as 2026-11-21T09:30:00Z"),
        (changed(ts=True), "ts", "Unix time in seconds"),
        (changed(input=[]), "input", "a text or a list of messages"),
        (changed(input=""), "input", "a text or a list of messages"),
        (changed(input=5), "input", "a text or a list of messages"),
        (changed(input=[{"role": "user"}]), "input.0.content", "is required"),
        (
            changed(input=[{"role": "user", "content": "a", "contnet": "b"}]),
            "input.0.contnet",
            "did you mean 'content'?",
        ),
        (changed(context="one text"), "context", "must be a list"),
        (changed(context=[1]), "context.0", "must be a text"),
        (changed(flags=["a"]), "flags", "must be an object"),
        (changed(sampling={"rate": 0}), "sampling.rate", "greater than 0"),
        (changed(sampling={"rate": 1.5}), "sampling.rate", "at most 1"),
        (changed(sampling={"weight": 0.5}), "sampling.weight", "at least 1"),
        (changed(sampling={"rat": 0.5}), "sampling.rat", "did you mean 'rate'?"),
        (changed(cost="cheap"), "cost", "must be a number"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_should_be(text: str, field: str, words: str):
    assert [(name, words in said) for name, said in refused(text)] == [(field, True)]


def test_every_problem_of_a_row_is_told_at_once():
    text = json.dumps({"ts": "never", "input": 5, "outptu": "x"})

    assert {name for name, _ in refused(text)} == {"sample_id", "ts", "input", "outptu"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"a row"',
        b"\xff\xfe{}",
        changed(cost=float("nan")),
        '{"a":' * 100_000,
        '{"ts": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_json_object_is_one_problem_and_no_traceback(text: str | bytes):
    assert len(refused(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        changed(sample_id=["ada@example.com"]),
        changed(segment={"who": "ada@example.com"}),
        changed(**{"ada@example.com": 1}),
        changed(input=[{"role": "user", "content": "x", "ada@example.com": 1}]),
        '{"sample_id": "ada@example.com',
    ],
)
def test_a_problem_never_quotes_what_somebody_wrote(text: str):
    assert all("ada@" not in said for _, said in refused(text))


def test_the_repr_of_a_row_holds_no_text_of_a_customer():
    row = parse_row(changed(error="failed for Ada"), file="traffic.jsonl")

    assert not any(word in repr(row) for word in ("parcel", "depot", "Ada"))
