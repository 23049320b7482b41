"""Messages of pages: what is one, and what is said about what is none."""

import pytest

from services.gateway.webapi import frames
from services.gateway.webapi.frames import BadFrame


@pytest.mark.parametrize(
    "text", ["", "no", "[]", "1", "{}", '{"command": 7}', '{"command": " "}', b"\xff", '{"command":"x"', "NaN"]
)
def test_what_is_no_message_is_refused(text):
    with pytest.raises(BadFrame):
        frames.read(text)


@pytest.mark.parametrize("number", [None, True, 1.5, [], {}, "", "x" * 65, 10**70])
def test_an_id_must_be_a_short_text_or_a_number(number):
    with pytest.raises(BadFrame, match=r"^id "):
        frames.request(frames.frame({"command": "ping", "id": number}))


def test_a_key_must_be_a_text():
    with pytest.raises(BadFrame, match=r"^key "):
        frames.request(frames.frame({"command": "ping", "id": 1, "key": 7}))


@pytest.mark.parametrize("last", [-1, 1.5, "7", True, 2**53])
def test_the_number_of_an_event_must_be_one(last):
    with pytest.raises(BadFrame, match=r"^lastSeq "):
        frames.frame({"command": "RESUME", "lastSeq": last}).sequence("lastSeq")


def test_an_answer_is_the_envelope_with_the_id_before_it():
    body = {"success": True, "command": "CALLBACK"}
    assert frames.answer('"a\\"b"', body) == '{"id":"a\\"b","success":true,"command":"CALLBACK"}'
