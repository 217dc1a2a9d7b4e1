import math
from collections import Counter
from statistics import correlation

import pytest

from watchdog.domain.case import Case, GoldenSet, Message
from watchdog.errors import UsageError
from watchdog.simulator.answers import REFUSAL
from watchdog.simulator.simulator import Question, Simulator


def kinds(simulator, model="m"):
    return Counter(simulator.stats()["models"][model]["answers"])


def close(share, wanted, n):
    """Within four standard errors of a binomial share; the seed makes it repeatable."""
    return abs(share - wanted) <= 4 * math.sqrt(max(wanted * (1 - wanted), 0.25 / n) / n)


@pytest.mark.parametrize("quality", [0.0, 0.5, 0.9, 1.0])
def test_the_share_of_good_answers_is_the_quality(simulator, ask_all, quality):
    simulator.change({"models": {"m": {"quality": quality}}})
    ask_all(simulator, times=50)
    assert close(kinds(simulator)["good"] / 2000, quality, 2000)


def test_the_same_cases_fail_when_the_spread_is_large(golden, ask_all):
    def steadiness(spread):
        simulator = Simulator([golden], seed=7)
        simulator.change({"models": {"m": {"quality": 0.7, "spread": spread}}})
        good = {case.id: case.metadata["good"]["reply"] for case in golden.cases}
        shares = [
            sum(good[case] in reply.text for reply in replies) / 40
            for case, replies in ask_all(simulator, times=40).items()
        ]
        return sum(share in (0.0, 1.0) for share in shares) / len(shares)

    assert steadiness(5.0) > 0.4 > 0.1 > steadiness(0.0)


def test_difficulty_is_shared_by_models_so_that_pairing_means_something(simulator, golden, ask_all):
    simulator.change({"models": {"*": {"quality": 0.6, "spread": 2.0}}})
    good = {case.id: case.metadata["good"]["reply"] for case in golden.cases}

    def shares(model):
        replies = ask_all(simulator, model=model, times=40)
        return [sum(good[case.id] in reply.text for reply in replies[case.id]) for case in golden.cases]

    assert correlation(shares("one"), shares("other")) > 0.9


def test_refusals_come_as_often_as_told(simulator, ask_all):
    simulator.change({"models": {"m": {"refusals": 0.3}}})
    replies = ask_all(simulator, times=50)
    assert close(kinds(simulator)["refused"] / 2000, 0.3, 2000)
    assert close(sum(reply.text == REFUSAL for many in replies.values() for reply in many) / 2000, 0.3, 2000)


def test_a_drop_can_be_in_one_tag_only(simulator, golden, ask_all):
    simulator.change({"models": {"m": {"quality": 1.0, "tags": {"returns": 0.0}}}})
    good = {case.id: case.metadata["good"]["reply"] for case in golden.cases}
    failing = {case for case, (reply,) in ask_all(simulator).items() if good[case] not in reply.text}
    assert failing == {case.id for case in golden.cases if "returns" in case.tags}


@pytest.mark.parametrize("fault", ["429", "500", "empty", "garbage", "hang", "drop", "quota"])
def test_faults_come_as_often_as_told_and_are_not_answers(simulator, ask_all, fault):
    simulator.change({"models": {"m": {"faults": {fault: 0.2, "503": 0.1}, "retry_after": 2}}})
    replies = [reply for many in ask_all(simulator, times=50).values() for reply in many]
    assert close(simulator.stats()["faults"][fault] / 2000, 0.2, 2000)
    assert close(simulator.stats()["faults"]["503"] / 2000, 0.1, 2000)
    assert all(not reply.text for reply in replies if reply.fault)
    assert all(reply.retry_after == 2 for reply in replies if reply.fault == "503")


def test_tools_fail_as_often_as_told_and_only_for_agents(simulator):
    simulator.change({"models": {"m": {"tool_failures": {"orders": 0.25, "mail": 0.0}}}})
    question = Question(model="m", text="anything")
    replies = [simulator.reply(question, agent=True) for _ in range(2000)]
    failed = Counter(call.name for reply in replies for call in reply.tool_calls if call.error)
    assert set(failed) == {"orders"}
    assert close(failed["orders"] / 2000, 0.25, 2000)
    assert simulator.reply(question).tool_calls == ()


def test_verbosity_makes_answers_longer(simulator, ask_all):
    def length():
        return sum(len(reply.text) for (reply,) in ask_all(simulator).values())

    simulator.change({"models": {"m": {"quality": 1.0}}})
    usual = length()
    simulator.change({"models": {"m": {"verbosity": 3.0}}})
    assert length() > 2 * usual


def test_latency_is_the_delay(simulator):
    simulator.change({"models": {"m": {"latency": 0.25}}})
    assert simulator.reply(Question(model="m", text="x")).delay == 0.25


def test_more_calls_in_flight_than_the_capacity_get_429(simulator):
    simulator.change({"models": {"m": {"capacity": 1}}})
    simulator.enter()
    assert simulator.reply(Question(model="m", text="x")).fault == ""
    simulator.enter()
    assert simulator.reply(Question(model="m", text="x")).fault == "429"


def test_a_silent_model_update_is_one_change_of_an_alias(golden, ask_all):
    simulator = Simulator([golden], seed=7, aliases={"sim-1": "sim-1-2026-08"})
    simulator.change({"models": {"sim-1-2026-08": {"quality": 1.0}, "sim-1-2026-11": {"quality": 0.0}}})
    before = simulator.reply(Question(model="sim-1", text="x"))
    simulator.change({"aliases": {"sim-1": "sim-1-2026-11"}})
    after = simulator.reply(Question(model="sim-1", text="x"))
    assert (before.served_model, after.served_model) == ("sim-1-2026-08", "sim-1-2026-11")
    assert before.fingerprint != after.fingerprint
    ask_all(simulator, model="sim-1")
    assert kinds(simulator, "sim-1")["good"] == 0
    simulator.change({"aliases": {"sim-1": None}})
    assert simulator.served("sim-1") == "sim-1"


def test_every_model_can_be_changed_at_once(simulator):
    simulator.change({"models": {"a": {"quality": 0.4}}})
    simulator.change({"models": {"*": {"faults": {"503": 1.0}}}})
    assert simulator.behaviour("a").faults == simulator.behaviour("never seen").faults == {"503": 1.0}
    assert simulator.behaviour("a").quality == 0.4


def test_a_change_that_is_wrong_changes_nothing(simulator):
    before = simulator.control()
    for patch in (
        {"models": {"a": {"quality": 0.4}, "b": {"quality": 4}}},
        {"models": {"a": {"quality": 0.4}}, "aliases": {"x": 3}},
        {"models": []},
        {"models": {"a": 3}},
        {"model": {}},
    ):
        with pytest.raises(UsageError):
            simulator.change(patch)
    assert simulator.control() == before


def test_control_is_a_change_that_changes_nothing(simulator):
    simulator.change({"models": {"m": {"quality": 0.4, "faults": {"429": 0.1}}}, "aliases": {"a": "m"}})
    control = simulator.control()
    simulator.change(control)
    assert simulator.control() == control


def test_the_same_story_is_told_twice_whatever_the_order_of_the_cases(golden):
    def story(order):
        simulator = Simulator([golden], seed=7)
        simulator.change({"models": {"m": {"quality": 0.6, "faults": {"500": 0.1}}}})
        found = {}
        for turn in range(3):
            for case in order:
                found[turn, case.id] = simulator.reply(Question(model="m", text=case.variables["input"]))
        return found

    assert story(golden.cases) == story(golden.cases[::-1])
    simulator = Simulator([golden], seed=8)
    assert simulator.reply(Question(model="m", text="x")) == simulator.reply(Question(model="m", text="x", nonce="0"))


def test_another_seed_tells_another_story(golden, ask_all):
    one, other = Simulator([golden], seed=1), Simulator([golden], seed=2)
    for simulator in (one, other):
        simulator.change({"models": {"m": {"quality": 0.5}}})
    assert ask_all(one) != ask_all(other)


def test_a_nonce_asks_the_very_same_thing_again(simulator, golden):
    simulator.change({"models": {"m": {"quality": 0.5, "spread": 0.0}}})
    text = golden.cases[0].variables["input"]
    assert len({simulator.reply(Question(model="m", text=text, nonce="n")).text for _ in range(20)}) <= 3
    outcomes = []
    for _ in range(20):
        before = kinds(simulator)["good"]
        simulator.reply(Question(model="m", text=text, nonce="n"))
        outcomes.append(kinds(simulator)["good"] - before)
    assert len(set(outcomes)) == 1


def test_an_input_that_contains_another_is_told_apart(golden):
    short = Case(id="short", variables={"input": "Where is my lamp?"}, metadata={"good": "short"})
    long = Case(id="long", variables={"input": "Hello! Where is my lamp? I need it."}, metadata={"good": "long"})
    simulator = Simulator([GoldenSet(name="s", version="1", cases=(short, long), digest="")])
    simulator.change({"models": {"m": {"quality": 1.0}}})
    assert simulator.reply(Question(model="m", text="Mail: Hello! Where is my lamp? I need it.")).text == "long"
    assert simulator.reply(Question(model="m", text="Mail: Where is my lamp?")).text == "short"


def test_a_case_given_as_variables_or_as_messages_is_recognised():
    asked = Case(id="q", variables={"question": "How tall?", "document": "It is 3 m tall."}, metadata={"good": "3 m"})
    chat = Case(
        id="c",
        messages=(Message(role="system", content="Be brief."), Message(role="user", content="And how wide?")),
        metadata={"good": "2 m"},
    )
    simulator = Simulator([GoldenSet(name="s", version="1", cases=(asked, chat), digest="")])
    simulator.change({"models": {"m": {"quality": 1.0}}})
    assert simulator.reply(Question(model="m", text="It is 3 m tall.\n\nHow tall?")).text == "3 m"
    assert simulator.reply(Question(model="m", text="And how wide?")).text == "2 m"
    assert simulator.reply(Question(model="m", text="How tall?")).text == "You said: How tall?"


def test_a_case_that_does_not_say_what_is_good_is_echoed():
    open_ended = Case(id="poem", variables={"input": "Write a poem."})
    simulator = Simulator([GoldenSet(name="s", version="1", cases=(open_ended,), digest="")])
    assert simulator.reply(Question(model="m", text="Write a poem.")).text == "You said: Write a poem."
    assert simulator.stats()["models"]["m"]["answers"] == {"echo": 1}


def test_an_answer_is_cut_at_the_most_tokens(simulator):
    reply = simulator.reply(Question(model="m", text="a long story " * 20, max_tokens=5))
    assert (reply.finish_reason, reply.output_tokens, len(reply.text)) == ("length", 5, 20)


def test_after_a_reset_luck_goes_the_same_way_again_and_from_where_it_is_told(simulator, golden):
    simulator.change({"models": {"m": {"quality": 0.5}}})
    asked = [Question(model="m", text=case.variables["input"]) for case in golden.cases]

    def answers(looks: int) -> list[str]:
        simulator.change({"models": {"m": {"quality": 0.5}}})
        return [simulator.reply(question).text for _ in range(looks) for question in asked]

    first = answers(3)
    simulator.reset()
    assert answers(3) == first
    simulator.reset(asked=2)
    assert answers(1) == first[-len(asked) :]
    assert first[: len(asked)] != first[-len(asked) :]


def test_counts_are_kept_by_model_role_and_case_until_the_reset(simulator, golden):
    case = golden.cases[0]
    for _ in range(3):
        simulator.reply(Question(model="m", text=case.variables["input"]))
    stats = simulator.stats(cases=True)
    assert stats["calls"] == stats["models"]["m"]["calls"]["answer"] == stats["cases"]["m"][case.id] == 3
    simulator.enter()
    simulator.reset()
    assert simulator.stats()["calls"] == 0
    assert simulator.stats()["in_flight"] == 1
    simulator.leave()
    assert simulator.stats()["in_flight"] == 0
