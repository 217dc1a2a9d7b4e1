import json
import math
from pathlib import Path
from random import Random

import pytest
from structlog.testing import capture_logs

from watchdog.domain.case import Estimand, Message, Origin
from watchdog.errors import NotMeasured
from watchdog.protocols import CaseSource
from watchdog.traffic.source import TrafficSource


def asked(cases) -> list[str]:
    return [case.variables["input"] for case in cases]


def test_it_is_a_case_source_whose_numbers_are_about_traffic(product, noon):
    product.write()
    source: CaseSource = TrafficSource(product.path, 5)

    assert source.estimand is Estimand.TRAFFIC
    assert [case.origin for case in source.cases(noon, Random(1))] == [Origin.TRAFFIC]


def test_the_newest_samples_come_first_and_no_more_than_asked_for(product, noon):
    for _ in range(10):
        product.write()

    cases = TrafficSource(product.path, 3).cases(noon, Random(1))

    assert asked(cases) == ["Question 10?", "Question 9?", "Question 8?"]


def test_messages_are_kept_as_messages_with_contexts_and_facts(product, noon):
    product.write(
        input=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is it?"}],
        context=["It is in the depot."],
        reference="depot",
        prompt_version="12",
        segment="pro",
        flags={"short": True},
        experiment="b",
        trace_id="trace-1",
    )

    (case,) = TrafficSource(product.path, 3).cases(noon, Random(1))

    assert case.messages == (Message(role="system", content="Be brief."), Message(role="user", content="Where is it?"))
    assert (case.variables, case.contexts, case.expected) == ({}, ("It is in the depot.",), "depot")
    facts = {name: case.metadata[name] for name in ("sample_id", "prompt_version", "segment", "flags", "experiment")}
    assert facts == {
        "sample_id": "s-1", "prompt_version": "12", "segment": "pro", "flags": {"short": True}, "experiment": "b"
    }  # fmt: skip
    assert case.cluster


def test_a_sample_keeps_its_id_and_digest_and_a_changed_text_changes_the_digest(product, noon):
    product.write(sample_id="a", input="one")
    (first,) = TrafficSource(product.path, 1).cases(noon, Random(1))
    (again,) = TrafficSource(product.path, 1).cases(noon + 60, Random(2))
    product.write(sample_id="a", input="two")
    (changed,) = TrafficSource(product.path, 1).cases(noon, Random(1))

    assert (first.id, first.digest) == (again.id, again.digest)
    assert changed.id == first.id
    assert changed.digest != first.digest


def test_samples_of_one_trace_are_one_cluster(product, noon):
    for trace in ("t-1", "t-1", "t-2", None):
        product.write(trace_id=trace)

    by_age = [case.cluster for case in TrafficSource(product.path, 9).cases(noon, Random(1))]

    assert by_age[0] is None
    assert by_age[2] == by_age[3]
    assert len(set(by_age)) == 3


def test_nothing_personal_and_no_raw_id_gets_into_a_case(product, noon):
    product.write(
        sample_id="ada@example.com",
        trace_id="ada@example.com",
        input=[{"role": "user", "content": "I am ada@example.com, card 4111 1111 1111 1111."}],
        output="Your card 4111111111111111 is fine.",
        reference={"mail": "ada@example.com"},
        context=["ada@example.com wrote before."],
        segment="ada@example.com",
        flags={"ada@example.com": "4111 1111 1111 1111"},
    )

    (case,) = TrafficSource(product.path, 1).cases(noon, Random(1))

    assert "ada@" not in repr(case)
    assert "4111" not in repr(case)
    assert case.messages[0].content == "I am [email], card [card]."
    assert case.metadata["redaction_version"]


def test_rows_that_name_another_feature_are_left_out(product, noon):
    for feature in ("reply", "search", None, "reply"):
        product.write(feature=feature)

    cases = TrafficSource(product.path, 9, feature="reply").cases(noon, Random(1))

    assert asked(cases) == ["Question 4?", "Question 3?", "Question 1?"]


def test_rows_stamped_after_the_look_are_not_seen_so_a_repeated_look_meets_the_same_cases(product, noon):
    product.write(ts=noon - 10)
    first = TrafficSource(product.path, 9).cases(noon, Random(1))
    product.write(ts=noon + 10)

    repeated = TrafficSource(product.path, 9).cases(noon, Random(2))

    assert repeated == first


def test_a_sample_written_twice_is_one_case_with_its_newest_text(product, noon):
    product.write(sample_id="a", input="old")
    product.write(sample_id="b", input="other")
    product.write(sample_id="a", input="new")
    source = TrafficSource(product.path, 9)

    assert asked(source.cases(noon, Random(1))) == ["new", "other"]
    assert asked(source.cases(noon + 60, Random(1))) == ["new", "other"]


def test_unused_samples_come_before_used_ones_even_if_they_are_older(product, noon):
    for _ in range(5):
        product.write()
    source = TrafficSource(product.path, 2)

    looks = [sorted(asked(source.cases(noon + minute, Random(1)))) for minute in range(3)]

    assert looks == [["Question 4?", "Question 5?"], ["Question 2?", "Question 3?"], ["Question 1?", "Question 5?"]]


def test_when_all_were_used_the_newest_are_used_again_and_the_look_says_so(product, noon):
    for _ in range(3):
        product.write()
    source = TrafficSource(product.path, 2)
    for minute in range(2):
        source.look(noon + minute)

    look = source.look(noon + 9)

    assert (asked(look.cases), look.fresh) == (["Question 3?", "Question 2?"], 0)


def test_looking_twice_at_the_same_time_gives_the_same_cases(product, noon):
    for _ in range(9):
        product.write()
    source = TrafficSource(product.path, 3)

    assert source.cases(noon, Random(1)) == source.cases(noon, Random(2))


def test_sampling_keeps_about_its_rate_and_weighs_each_case_with_the_inverse(product, noon):
    n, rate = 2000, 0.2
    for number in range(n):
        product.write(trace_id=f"trace-{number}")

    look = TrafficSource(product.path, n, rate=rate, salt="s").look(noon)

    assert abs(len(look.cases) - n * rate) < 4.5 * math.sqrt(n * rate * (1 - rate))
    assert {case.weight for case in look.cases} == {1 / rate}
    assert look.left_out == {"left out by sampling": n - len(look.cases)}


def test_the_weight_also_undoes_the_sampling_of_the_product(product, noon):
    product.write(sampling={"rate": 0.1})
    product.write(sampling={"rate": 0.1, "weight": 25.0, "stratum": "errors"})
    product.write()

    cases = TrafficSource(product.path, 9, rate=1.0).cases(noon, Random(1))

    assert [case.weight for case in cases] == pytest.approx([1.0, 25.0, 10.0])
    assert [case.metadata["inclusion_probability"] for case in cases] == pytest.approx([1.0, 0.04, 0.1])


def test_a_trace_is_kept_or_left_out_as_a_whole(product, noon):
    for number in range(300):
        product.write(trace_id=f"trace-{number % 100}")

    cases = TrafficSource(product.path, 300, rate=0.5).cases(noon, Random(1))

    clusters = [case.cluster for case in cases]
    assert 0 < len(set(clusters)) < 100
    assert {clusters.count(cluster) for cluster in clusters} == {3}


def test_a_half_written_last_line_waits_for_the_next_look(product, noon):
    product.write()
    product.append('{"sample_id": "s-2", "ts": 1795258802, "inp')
    source = TrafficSource(product.path, 9)

    before = source.look(noon)
    product.append('ut": "Whole now?"}\n')
    after = source.look(noon)

    assert (asked(before.cases), before.problems) == (["Question 1?"], ())
    assert asked(after.cases) == ["Whole now?", "Question 1?"]


def test_a_whole_last_line_without_line_end_counts(product, noon):
    product.append(json.dumps({"sample_id": "a", "ts": noon - 1, "input": "Last?"}))

    assert asked(TrafficSource(product.path, 9).cases(noon, Random(1))) == ["Last?"]


def test_a_look_goes_on_into_the_rotated_file(product, noon, tmp_path):
    for _ in range(4):
        product.write()
    product.path.rename(tmp_path / "traffic.jsonl.1")
    product.write()
    source = TrafficSource(product.path, 3)

    assert asked(source.cases(noon, Random(1))) == ["Question 5?", "Question 4?", "Question 3?"]


def test_malformed_rows_are_named_by_file_and_line_and_the_look_goes_on(product, noon):
    product.write()
    product.append("not json, ada@example.com\n")
    product.write(inputs="x")
    product.write()

    with capture_logs() as logs:
        look = TrafficSource(product.path, 9).look(noon)
        cases = TrafficSource(product.path, 9).cases(noon, Random(1))

    assert asked(cases) == ["Question 3?", "Question 1?"]
    assert {(problem.file, problem.line, problem.field) for problem in look.problems} == {
        ("traffic.jsonl", 2, None),
        ("traffic.jsonl", 3, "inputs"),
    }
    assert [entry["rows"] for entry in logs] == [2]
    assert "ada@" not in str(logs)
    assert "Question" not in str(logs)


def test_of_many_malformed_rows_all_are_counted_and_the_first_are_described(product, noon):
    product.append("{}\n" * 1000)
    product.write()

    look = TrafficSource(product.path, 9).look(noon)

    assert look.left_out["malformed"] == 1000
    assert 0 < len(look.problems) <= 100


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "does not exist"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("{}\n{}\n", "2 rows read, 0 cases; 2 malformed"),
        ('{"sample_id": "a", "ts": 1900000000, "input": "x", "feature": "reply"}\n', "1 stamped later than this look"),
        ('{"sample_id": "a", "ts": 1700000000, "input": "x", "feature": "search"}\n', "1 of another feature"),
    ],
)
def test_no_traffic_is_not_measured_and_says_why(product, noon, content: str | None, reason: str):
    if content is not None:
        product.append(content)

    with pytest.raises(NotMeasured, match=reason):
        TrafficSource(product.path, 9, feature="reply").cases(noon, Random(1))


def test_a_file_that_cannot_be_read_is_not_measured(tmp_path: Path, noon):
    loop = tmp_path / "traffic.jsonl"
    loop.symlink_to(loop)

    with pytest.raises(NotMeasured, match=r"traffic\.jsonl"):
        TrafficSource(loop, 9).cases(noon, Random(1))


def test_a_filter_that_nothing_passes_does_not_read_a_year_of_traffic(product, noon):
    line = json.dumps({"sample_id": "a", "ts": noon - 1, "input": "x", "feature": "search"}) + "\n"
    product.append(line * 25_000)

    look = TrafficSource(product.path, 9, feature="reply").look(noon)

    assert look.examined == 20_000


def test_a_look_that_takes_no_case_is_refused(product):
    with pytest.raises(ValueError, match="per_run"):
        TrafficSource(product.path, 0)
