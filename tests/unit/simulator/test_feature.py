import json

import jsonschema
import pytest

from watchdog.simulator.feature import SUPPORT_REPLY, support_reply

SCHEMA = json.loads((SUPPORT_REPLY / "schema.json").read_text())
CASES = support_reply().cases


def passes(case, answer):
    """Whether an answer passes what a watch of this feature checks: schema, expected fields, wanted words."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    try:
        record = json.loads(text)
        jsonschema.validate(record, SCHEMA)
    except (ValueError, jsonschema.ValidationError):
        return False
    wanted = case.checks[0].arguments["any"]
    return all(record[name] == value for name, value in case.expected.items()) and any(
        word.casefold() in text.casefold() for word in wanted
    )


def test_there_are_forty_cases_with_names_and_texts_of_their_own():
    assert len({case.id for case in CASES}) == len({case.variables["input"] for case in CASES}) == 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_good_answer_passes_and_every_bad_one_fails(case):
    assert passes(case, case.metadata["good"])
    assert len(case.metadata["bad"]) >= 3
    for answer in case.metadata["bad"]:
        assert not passes(case, answer), answer
