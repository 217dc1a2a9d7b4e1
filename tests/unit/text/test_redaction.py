import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.text.redaction import Finding, find_personal_data, find_secrets, redact


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("write to Anna.Bell+shop@mail.example.co.uk today", "email", "Anna.Bell+shop@mail.example.co.uk"),
        ("Ask <müller@straße.de>.", "email", "müller@straße.de"),
        ("mailto:a_b@example.org?subject=x", "email", "a_b@example.org"),
        ("my card 4111 1111 1111 1111 123 expires 12/27", "card", "4111 1111 1111 1111"),
        ("card: 5555-5555-5555-4444.", "card", "5555-5555-5555-4444"),
        ("amex 3782 822463 10005", "card", "3782 822463 10005"),
        ("paid with 6011111111111117", "card", "6011111111111117"),
        ("DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX", "iban", "DE89 3704 0044 0532 0130 00"),
        ("IBAN:GB82WEST12345698765432, thanks", "iban", "GB82WEST12345698765432"),
        ("iban fr14 2004 1010 0505 0001 3m02 606", "iban", "fr14 2004 1010 0505 0001 3m02 606"),
        ("from 203.0.113.77.", "ip", "203.0.113.77"),
        ("peer [2001:db8::8a2e:370:7334]", None, None),
        ("peer 2001:db8::8a2e:370:7334 left", "ip", "2001:db8::8a2e:370:7334"),
        ("SSN 536-22-8726", "national-id", "536-22-8726"),
        ("CPF 529.982.247-25", "national-id", "529.982.247-25"),
        ("call +49 30 901820 now", "phone", "+49 30 901820"),
        ("+1 (415) 555-0132", "phone", "+1 (415) 555-0132"),
        ("+447911123456", "phone", "+447911123456"),
        ("reach me at (415) 555-0132.", "phone", "(415) 555-0132"),
        ("415-555-0132", "phone", "415-555-0132"),
        ("Rückruf unter 0171 / 2345678 bitte", "phone", "0171 / 2345678"),
        ("mon numéro: 06 12 34 56 78", "phone", "06 12 34 56 78"),
        ("le 06.12.10.67.89", "phone", "06.12.10.67.89"),
        ("London office 020 7946 0958", "phone", "020 7946 0958"),
        ("my phone number is 4155550132, thanks", "phone", "4155550132"),
        ("Tel.: 5550132", "phone", "5550132"),
    ],
)
def test_personal_data_is_found_by_shape_and_checksum(text, kind, found):
    findings = find_personal_data(text)
    assert [(finding.kind, text[finding.start : finding.end]) for finding in findings] == (
        [(kind, found)] if kind else []
    )


@pytest.mark.parametrize(
    "text",
    [
        "Order 302-4455667-1234567 was placed on 2026-11-21 at 10:30:15 and cost $1,234.56.",
        "Order no. 4111111111111112 (fails Luhn), invoice 2026-0004711, ref 1234567890123.",
        "Delivered 01.02.2026 10:30, again on 3/4/2026, and between 09:00-17:00 from 12-04-2026 on.",
        "Parcel 1Z 999 AA1 01 2345 6784 and 00340434161094042557 are on the way.",
        "Version 1.2.3.4 (since 0.7.100.3) runs on 127.0.0.1 with mask 255.255.255.0, build 10.15.7.",
        "Use std::vector and a[1::2]; ratio 3:4:5 at 12:30:45:10.",
        "Paragraph 5.1.2, pages 100-200, room 030, 0.123 456 789 moles, ZIP 01234-5678.",
        "SKU AB12-CD34-EF56-GH78, serial FR14-0000-1111, item 12345678.",
        "The basic responsibilities of the bearer are described on page 12 of token-economy-2026.",
        "Call 2 people on 24 December 2026; text 160 characters; fax 3 pages.",
        "You asked 12 days ago, I waited 45 minutes, twice, for a 1,299.00 EUR laptop (model XPS-13-9315).",
        "The password: required. Password is case-sensitive. Your token is invalid. The secret is simplicity.",
        "max_tokens: 1024, the key = value, api key: see your settings page, sk-learn-is-a-nice-long-library-name",
        "token: order-confirmation-mail-2026",
        "IBAN DE00 3704 0044 0532 0130 00 has a wrong checksum, GB99 too.",
        "@support please look; user@localhost; a @ b. 10@5",
        "Le 21 11 2026 à 10 h, colis 6 12 34; 100 000 000 habitants; 2026 11 21.",
        "Lot 20261121-001 to 20261121-999, 555-0132, tracking 9400 1000 0000 0000 0000 00.",
    ],
)
def test_ordinary_support_mail_has_nothing_to_hide(text):
    assert [text[finding.start : finding.end] for finding in find_personal_data(text) + find_secrets(text)] == []


SECRETS = [
    ("key sk-proj-Ab3dEf6hIj9kLmN0pQrStUvWxYz1234", "secret"),
    ("sk-ant-api03-a1B2c3D4e5F6g7H8i9J0-xyz_ABC", "secret"),
    ("AKIAIOSFODNN7EXAMPLE", "secret"),
    ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "secret"),
    ("github_pat_11ABCDEFG0123456789abcdefghij", "secret"),
    ("xoxb" + "-123456789012-abcdefghijklmnop", "secret"),
    ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "secret"),
    ("sk" + "_live_4eC39HqLyjWDarjtT1zdp7dc", "secret"),
    ("AIzaSyA-1234567890abcdefghijklmnopqrstu", "secret"),
    ("hf_abcdefghijklmnopqrstuvwxyzABCDEF12", "secret"),
    ("glpat-abc123DEF456ghi789JK", "secret"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "secret"),
    ("Authorization: Bearer 9a8b7c6d5e4f3a2b1c0d", "secret"),
    ('{"api_key": "Zx81kQp03mVn72LtRw5c"}', "secret"),
    ("API_TOKEN=4f8a9d1c7b2e6f03a5d8c1b9", "secret"),
    ("my password is hunter2x!", "password"),
    ("postgresql://wd:s3cr3t-pw@db.internal:5432/wd", "password"),
    ("https://hooks.slack.com" + "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", "secret"),
    (
        "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-128-CBC,0F\n\nMIIE/abc+1==\n-----END RSA PRIVATE KEY-----",
        "private-key",
    ),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA cut off", "private-key"),
]


@pytest.mark.parametrize(("text", "kind"), SECRETS)
def test_secrets_are_found_and_redacted(text, kind):
    assert [finding.kind for finding in find_secrets(text)] == [kind]
    assert f"[{kind}]" in redact(f"before {text} after")


def test_redaction_keeps_the_rest_of_the_sentence():
    text = "Hi, I am Ann (ann@example.com, 415-555-0132). Card 4111 1111 1111 1111, order 2026-0004711."
    assert redact(text) == "Hi, I am Ann ([email], [phone]). Card [card], order 2026-0004711."


def test_a_secret_in_a_url_hides_the_password_alone():
    assert (
        redact("see postgresql://wd:s3cr3t-pw@db.internal:5432/wd")
        == "see postgresql://wd:[password]@db.internal:5432/wd"
    )


def test_findings_are_ordered_and_do_not_overlap():
    text = "ann@example.com 203.0.113.7 sk-proj-Ab3dEf6hIj9kLmN0pQrStUvWxYz1234 +49 30 901820 bob@example.com"
    findings = find_personal_data(text)
    assert [finding.kind for finding in findings] == ["email", "ip", "phone", "email"]
    assert all(before.end <= after.start for before, after in pairwise(findings))
    assert findings[0] == Finding("email", 0, 15)


SNIPPETS = st.sampled_from(
    [
        *(text for text, _ in SECRETS),
        "ann@example.com",
        "4111 1111 1111 1111",
        "+49 30 901820",
        " and ",
        "=",
        ":",
        "@",
        "-",
    ]
)


@given(st.lists(st.one_of(SNIPPETS, st.text(max_size=8)), max_size=8).map("".join))
def test_redacting_twice_changes_nothing_more(text):
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "unit",
    ["1", "1 ", "12-", "a.", "a@", "a@a.", "-----BEGIN PRIVATE KEY-----", "sk-", "eyJ", "token=", "password: ", "://a:",
     "+1 ", "0 1 ", ":", "f:", "AB12 ", "bearer ", "(555) ", "tel 1", "1.", "4111 ", "DE89", "xoxb-", "-----BEGIN "],
)  # fmt: skip
def test_hostile_text_takes_linear_time(unit):
    def seconds(length):
        text = (unit * (length // len(unit) + 1))[:length]
        start = time.process_time()
        redact(text)
        return time.process_time() - start

    # Quadratic work would make 16 times the text cost 256 times the time (and minutes).
    assert seconds(160_000) < 64 * max(seconds(10_000), 0.002)
