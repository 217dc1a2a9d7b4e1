import json
import socket

import pytest

from watchdog.score.checks.structure import ContainsJson, IsJson, JsonField, JsonFields

TICKET = '{"category": "billing", "order": {"id": "A-17", "total": 49.9}, "tags": ["late", "angry"], "refund": true}'
PROSE = f"Here you are:\n```json\n{TICKET}\n```\nAnything else?"
SCHEMA = {
    "type": "object",
    "required": ["category", "order"],
    "properties": {
        "category": {"enum": ["billing", "shipping"]},
        "order": {"properties": {"total": {"type": "number"}}},
    },
}


@pytest.mark.parametrize(
    ("check", "text", "expected", "value"),
    [
        (IsJson(), TICKET, None, 1),
        (IsJson(), " 3 ", None, 1),
        (IsJson(), PROSE, None, 0),
        (IsJson(), '{"a": NaN}', None, 0),
        (IsJson(), "", None, 0),
        (IsJson(schema=SCHEMA), TICKET, None, 1),
        (IsJson(schema=SCHEMA), '{"category": "billing"}', None, 0),
        (IsJson(schema=SCHEMA), '{"category": "praise", "order": {}}', None, 0),
        (ContainsJson(), PROSE, None, 1),
        (ContainsJson(), "no", None, 0),
        (ContainsJson(schema=SCHEMA), PROSE, None, 1),
        (ContainsJson(schema=SCHEMA), 'see {"category": 3, "order": {}}', None, 0),
        (JsonField(path="category", equals="billing"), TICKET, None, 1),
        (JsonField(path="category", equals=" billing "), PROSE, None, 1),
        (JsonField(path="category", equals="Billing"), TICKET, None, 0),
        (JsonField(path="category", equals="Billing", ignore_case=True), TICKET, None, 1),
        (JsonField(path="order.total", equals=49.9), TICKET, None, 1),
        (JsonField(path="order.total", equals="49.9"), TICKET, None, 0),
        (JsonField(path="refund", equals=True), TICKET, None, 1),
        (JsonField(path="refund", equals=1), TICKET, None, 0),
        (JsonField(path="length(tags)", equals=2), TICKET, None, 1),
        (JsonField(path="length(refund)", equals=2), TICKET, None, 0),
        (JsonField(path="order.id", matches=r"^[A-Z]-\d+$"), TICKET, None, 1),
        (JsonField(path="order.id", matches=r"^\d+$"), TICKET, None, 0),
        (JsonField(path="order.nothing", matches="x"), TICKET, None, 0),
        (JsonField(path="category", equals="billing"), "not json", None, 0),
        (JsonField(path="order.id"), TICKET, {"order": {"id": "A-17"}}, 1),
        (JsonField(path="order.id"), TICKET, {"order.id": "A-18"}, 0),
        (JsonField(path="order.id"), TICKET, {"category": "billing"}, None),
        (JsonField(path="order.id"), TICKET, None, None),
        (JsonFields(), TICKET, {"category": "billing", "refund": True}, 1),
        (JsonFields(), TICKET, {"tags": ["late", "angry"], "order": {"id": "A-17", "total": 49.90}}, 1),
        (JsonFields(), TICKET, {"category": "shipping", "refund": True}, 0.5),
        (JsonFields(), TICKET, {"category": "billing", "priority": None}, 0.5),
        (JsonFields(fields=["category"]), TICKET, {"category": "billing", "refund": False}, 1),
        (JsonFields(fields=["priority"]), TICKET, {"category": "billing"}, None),
        (JsonFields(), "[1]", {"category": "billing"}, 0),
        (JsonFields(), TICKET, "billing", None),
        (JsonFields(), TICKET, {}, None),
    ],
)
def test_a_json_check_passes_fails_or_leaves_unscored(scored, check, text, expected, value):
    score = scored(check, text, expected=expected)
    assert score.value == value
    assert bool(score.reason) == (value != 1)


def test_differing_fields_are_named_with_what_was_expected_and_without_the_answer(scored):
    text = '{"category": "private words", "order": "also private", "refund": true}'
    score = scored(JsonFields(), text, expected={"category": "billing", "order": 3, "refund": True})
    assert score.value == pytest.approx(1 / 3)
    assert score.reason == 'category is not "billing", order is not 3'


def test_a_broken_schema_names_the_place_and_never_quotes_the_answer(scored):
    score = scored(IsJson(schema=SCHEMA), '{"category": "private words", "order": {}}')
    assert score.reason == "breaks the schema at properties/category/enum"
    assert scored(IsJson(schema=SCHEMA), '{"category": "billing"}').reason == "'order' is a required property"


def test_a_schema_in_a_file_counts_by_its_content(tmp_path, scored):
    path = tmp_path / "reply.json"
    path.write_text(json.dumps(SCHEMA))
    check = IsJson(schema=str(path))
    assert check.digest == IsJson(schema=SCHEMA).digest
    assert scored(check, TICKET).value == 1


def test_a_schema_never_sends_anyone_to_the_network(scored):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        check = IsJson(schema={"$ref": f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"})
        with pytest.raises(Exception, match="Unresolvable"):
            scored(check, "{}")
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: IsJson(schema={"type": "text"}), "not valid at"),
        (lambda path: IsJson(schema=str(path / "none.json")), "cannot be read: No such file"),
        (lambda path: IsJson(schema=str(path)), "cannot be read"),
        (lambda path: JsonField(path="a..b"), "is not JMESPath"),
        (lambda path: JsonField(path=""), "is not JMESPath"),
        (lambda path: JsonField(path="a", equals=1, matches="1"), "not both"),
        (lambda path: JsonField(path="a", matches="("), "does not compile"),
        (lambda path: JsonFields(fields=[]), "at least one field"),
    ],
)
def test_bad_arguments_are_refused_in_words(tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        make(tmp_path)


def test_a_schema_file_that_is_no_json_is_refused(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ValueError, match="is not JSON"):
        IsJson(schema=str(tmp_path / "broken.json"))
    with pytest.raises(ValueError, match="is an object"):
        IsJson(schema=str(tmp_path / "list.json"))
