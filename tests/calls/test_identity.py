"""Whose call a fragment is."""

import pytest

from callbeam.calls import CallIdentity, identify


def test_connect_contact():
    tags = [("AWS_KINESISVIDEO_FRAGMENT_NUMBER", "1"), ("ContactId", "c-1"), ("InstanceId", "i-1"), ("Events", "[]")]
    assert identify(tags) == CallIdentity("c-1", "connect", instance_id="i-1")


def test_chime_transaction():
    tags = [("CallId", "x"), ("TransactionId", "t-1"), ("VoiceConnectorId", "v"), ("MediaType", "audio/L16")]
    assert identify(tags) == CallIdentity("t-1", "chime", chime_call_id="x", voice_connector_id="v")


@pytest.mark.parametrize(
    "tags",
    [
        [],
        [("ContactId", "")],
        [("ContactId", "\0\0 ")],
        [("contactid", "c-1")],
        [("ContactIdentity", "c-1")],
        [("InstanceId", "i-1"), ("MimeType", "audio/L16;rate=8000;channels=1;")],
        [("CallId", "x"), ("VoiceConnectorId", "v")],
    ],
)
def test_what_names_no_call(tags):
    assert identify(tags) is None


def test_padding_is_no_part_of_names_or_values():
    assert identify([("ContactId\0\0", " c-1\0\0\0")]) == CallIdentity("c-1", "connect")


def test_identifiers_in_capitals_are_those_in_small_letters():
    tags = [
        ("TransactionId", "DAAEB6BF-2FE2-4E51-984E-D0FBF2F09436"),
        ("CallId", "0F1E2D3C-0000-4000-8000-00000000000A"),
    ]
    identity = identify(tags)
    assert identity.call_id == "daaeb6bf-2fe2-4e51-984e-d0fbf2f09436"
    assert identity.chime_call_id == "0f1e2d3c-0000-4000-8000-00000000000a"
    assert identify([("ContactId", "Call-A")]).call_id == "Call-A"


def test_the_first_value_that_is_not_empty_counts():
    tags = [("ContactId", ""), ("ContactId", "c-1"), ("ContactId", "c-2"), ("TransactionId", "t-1")]
    assert identify(tags) == CallIdentity("c-1", "connect")
