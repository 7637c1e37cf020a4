"""No telephone number, SIP URI, header or name that stands in a record stands in anything that is read from it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from builders.published_records import ALL, HEADER, NAME, NUMBER, OTHER_NUMBER, PERSONAL, SIPREC, URI
from builders.record_values import places
from hypothesis import given
from hypothesis import strategies as st

from callbeam.errors import UsageError
from callbeam.records import Keeping, normalised_address, read_records, read_statements, subject_key
from callbeam.records.addresses import harmless_text
from callbeam.records.refusals import masked_sample

SECRET = b"a secret of 16 b"
PLANTED = [NUMBER, URI, HEADER, NAME, f"tel:{OTHER_NUMBER}", "jdoe@example.com", f"call {NUMBER} now",
           f"{NUMBER}/{OTHER_NUMBER}", f"arn:aws:kinesisvideo:us-east-1:1:stream/{NUMBER}/1",
           f"arn:aws:connect:us-east-1:1:instance/i/queue/{URI}"]  # fmt: skip
EXAMPLE = "example.com"


def everything(text: str, keeping: Keeping | None = None) -> str:
    """Return all that can be seen of what a file comes to: contacts, statements, bad records, counts, errors."""
    try:
        read = read_records([("f", text.encode())], keeping)
        statements = list(read_statements(text, "f", keeping or Keeping()))
    except UsageError as error:
        return str(error)
    return repr((read, statements, [statement.forms for statement in statements if hasattr(statement, "forms")]))


def assert_nobody(text: str) -> None:
    assert [each for each in (*PERSONAL, EXAMPLE) if each in text] == []


def test_the_records_as_they_are_hold_what_must_not_get_through() -> None:
    text = json.dumps(list(ALL.values()))
    assert Counter(each in text for each in PERSONAL)[True] >= 8


@pytest.mark.parametrize("kind", ALL)
def test_as_published(kind: str) -> None:
    record = json.dumps(ALL[kind])
    attributes = frozenset({"orderId", "callback", "own", "AgentId"})
    for keeping in (None, Keeping(attributes - {"AgentId"}, SECRET)):
        for text in (record, f"[{record}]", record[:-30], record.replace('"', "", 1), f"{record}{record[40:]}"):
            assert_nobody(everything(text, keeping))


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("kind", ALL)
def test_planted_in_every_field(kind: str, planted: str) -> None:
    keeping = Keeping(frozenset({"orderId", "callback"}), SECRET)
    if planted == NAME:  # a named attribute is kept, and a name cannot be told from another word
        keeping = Keeping(subject_secret=SECRET)
    for place in places(ALL[kind]):
        record = json.loads(json.dumps(ALL[kind]))
        at: Any = record
        for name in place[:-1]:
            at = at[name]
        at[place[-1]] = planted
        assert_nobody(everything(json.dumps(record), keeping))
        if isinstance(at, dict):
            at[planted] = at.pop(place[-1])  # and as the name of a field
            assert_nobody(everything(json.dumps(record), keeping))


@pytest.mark.parametrize("planted", PLANTED)
def test_planted_in_csv(planted: str) -> None:
    assert_nobody(everything(f"ContactId,StartTimestamp\n{planted},{planted}\nc-1,{planted}\n{planted}\n"))
    assert_nobody(everything(f"ContactId,{planted}\nc-1,1\n"))
    assert_nobody(everything(f"{planted},{planted}\n"))
    assert_nobody(everything(planted))


@pytest.mark.parametrize("planted", PLANTED)
def test_planted_in_siprec(planted: str) -> None:
    plain = planted.replace("<", "").replace(">", "").replace('"', "")
    for old in ("UAAMm5GRQKSCMVvLyl4rFw==", ">1<", "srfBElmCRp2QB23b7Mpk0w==", "complete", "urn:ietf:params"):
        new = f">{plain}<" if old == ">1<" else plain
        record = json.loads(json.dumps(ALL["streaming_event"]))
        record["detail"]["siprecMetadata"] = SIPREC.replace(old, new)
        assert_nobody(everything(json.dumps(record)))


def test_an_attribute_is_kept_if_it_is_named_and_tells_nobody() -> None:
    record = json.loads(json.dumps(ALL["contact_record"]))
    record["Attributes"] |= {"note": "order 12065 of 2024", "mail": "a@b.org", "half": "\ud800", "flag": True}
    keeping = Keeping(frozenset({"orderId", "callback", "own", "note", "mail", "half", "flag", "absent"}))
    (contact,) = read_records([("f", json.dumps(record).encode())], keeping).contacts
    assert contact.attributes == (("flag", "True"), ("note", "order 12065 of 2024"), ("orderId", "12345"))


def test_the_secret_is_told_nobody_and_must_be_one() -> None:
    assert "secret" not in repr(Keeping(subject_secret=SECRET)).replace("subject_secret", "")
    with pytest.raises(UsageError, match="the key for subject keys is shorter than 16 bytes"):
        Keeping(subject_secret=b"short")


@pytest.mark.parametrize(
    "form",
    ["+12065550100", "12065550100", "0012065550100", "+1 (206) 555-0100", "+1.206.555.0100", "tel:+1-206-555-0100",
     "sip:+12065550100@10.24.34.0:5060;transport=tls", "<sip:+12065550100@10.24.34.0>;tag=abc", HEADER,
     "sips:12065550100@example.com", "+1\u2011206\u2011555\u20110100"],
)  # fmt: skip
def test_one_customer_has_one_key(form: str) -> None:
    assert subject_key(form, SECRET) == subject_key(NUMBER, SECRET)
    assert normalised_address(form) == "12065550100"


def test_keys_depend_on_customer_and_secret_alone() -> None:
    # HMAC-SHA256, RFC 2104, by another program: printf 12065550100 | openssl dgst -sha256 -hmac 'a secret of 16 b'
    assert subject_key(NUMBER, SECRET) == "9514f7b1f20209a0fa18439636f791bddfb97078ac46e1f93412414bf69b9c62"
    keys = {subject_key(each, SECRET) for each in (NUMBER, OTHER_NUMBER, "sip:alice@a.org", "4711")}
    assert len(keys) == 4
    assert subject_key("sip:Alice@a.org", SECRET) == subject_key("<sip:alice@b.org>", SECRET)
    assert subject_key(NUMBER, b"another secret of 16") not in keys
    for nothing in (None, "", " ", 5, []):
        assert subject_key(nothing, SECRET) is None
    assert subject_key(NUMBER, None) is None


@given(st.text())
def test_samples_tell_nothing(text: str) -> None:
    sample = masked_sample(text + NUMBER + NAME)
    sample.encode()
    assert set("123456789") & set(sample) == set()
    assert "Appleseed" not in sample


def test_what_tells_a_person() -> None:
    for text in PLANTED[:3] + PLANTED[4:]:
        assert harmless_text(text) is None
    for text in ("s3://bucket/2024/01/26/e81b7b4d_20240126T03:07_UTC.wav", "A+ 7", "order 12345678", "a @ b"):
        assert harmless_text(text) == text
