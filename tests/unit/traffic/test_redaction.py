import json
import string

from hypothesis import given
from hypothesis import strategies as st

from watchdog.domain.case import Message
from watchdog.traffic.redaction import pseudonym, redacted, redacted_value
from watchdog.traffic.rows import TrafficRow

PERSONAL = {
    "email": "ada.lindqvist@example.com",
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "phone": "+49 30 901820",
    "secret": "sk-proj-a1b2c3d4e5f6g7h8i9j0k1l2",
}

personal = st.sampled_from(sorted(PERSONAL.values()))
prose = st.text(alphabet=string.ascii_letters + " ", max_size=30)
written = st.builds(lambda before, data, after: f"{before} {data} {after}", prose, personal, prose)
values = st.recursive(
    written | st.integers(-5, 5) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(written | prose, inner, max_size=3),
    max_leaves=8,
)


def holds_personal_data(value: object) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    return any(data in text for data in PERSONAL.values())


@given(values)
def test_no_personal_data_survives_anywhere_in_a_value(value: object):
    assert not holds_personal_data(redacted_value(value))


@given(st.lists(written, min_size=1, max_size=3), values, written)
def test_no_personal_data_survives_anywhere_in_a_row(texts: list[str], value: object, name: str):
    row = TrafficRow(
        sample_id=name,
        ts=1.8e9,
        input=tuple(Message(role="user", content=text) for text in texts),
        output=texts[0],
        reference=value,
        context=tuple(texts),
        tool_calls=({"name": "look_up", "arguments": value},),
        trace_id=name,
        flags={name: value},
        segment=name,
        error=name,
    )

    clean = redacted(row)

    kept = {field: getattr(clean, field) for field in TrafficRow.__slots__ if field != "input"}
    assert not holds_personal_data(kept)
    assert not holds_personal_data([message.content for message in clean.input])


def test_a_card_number_written_as_a_number_is_redacted_too():
    assert redacted_value({"card": 4111111111111111, "pieces": 3, "price": 41.11, "paid": True}) == {
        "card": "[card]",
        "pieces": 3,
        "price": 41.11,
        "paid": True,
    }


def test_what_is_no_personal_data_stays_as_it_is():
    row = TrafficRow(
        sample_id="s-1", ts=1_795_262_400.0, input="Where is order FH-20418 of 3 May?", weight=4111111111111111.0
    )

    assert redacted(row) == row


def test_a_lone_surrogate_becomes_a_question_mark():
    assert redacted_value("a\ud800b").encode() == b"a?b"


@given(st.text(), st.text())
def test_a_pseudonym_is_stable_and_depends_on_the_salt(identifier: str, salt: str):
    name = pseudonym(identifier, salt)

    assert name == pseudonym(identifier, salt)
    assert name != pseudonym(identifier, salt + "x")
    assert len(name) == 16
