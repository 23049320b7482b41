"""The lenient reader: what people write when they mean JSON; and no input makes it slow, deep or large."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.webprinter.envelope import Malformed
from services.gateway.webprinter.reading import lenient
from services.gateway.webprinter.reading.asking import parse

READ = {
    "unquoted names": ('{a: 1, $b_2: 2, "c": 3, 打印: 4, d-e: 5, 7: 6}', {"a": 1, "$b_2": 2, "c": 3, "打印": 4, "d-e": 5, "7": 6}),
    "single quotes": ("{'a': 'it''s'}".replace("''", "\\'"), {"a": "it's"}),
    "double in single quotes": ("['\"', \"'\"]", ['"', "'"]),
    "trailing commas": ("[1, [2,], {a: 3,},]", [1, [2], {"a": 3}]),
    "comments": (
        '// one\n{ // two\n"a": /* three */ 1, /* ** / */ "b": "// no /* no */" // four\n} /**/',
        {"a": 1, "b": "// no /* no */"},
    ),
    "a comment at the end": ("[1] // no line break", [1]),
    "words in any case": ("[True, FALSE, None, null, undefined]", [True, False, None, None, None]),
    "numbers": ("[0, -1, 1.5, .5, 5., 1e3, -2E-2, 007]", [0, -1, 1.5, 0.5, 5.0, 1000.0, -0.02, 7.0]),
    "escapes": (r"""['\b\f\n\r\t\v\0\\\/\"\'', '\u6253\x41', '\d']""", ["\b\f\n\r\t\v\0\\/\"'", "打A", "d"]),
    "surrogates": (r"['\ud83d\ude00', '\ud83d', '\ude00x']", ["😀", "\ufffd", "\ufffdx"]),
    "a line break in a text": ("['a\nb', 'c\\\nd', 'e\\\r\nf']", ["a\nb", "cd", "ef"]),
    "blanks of every kind": ("\ufeff\u3000{\u00a0a\u2028:\t1\r\n}\v", {"a": 1}),
    "the last of equal names": ("{a: 1, a: 2,}", {"a": 2}),
    "nothing inside": ("[{}, [], ''/**/]", [{}, [], ""]),
}


@pytest.mark.parametrize(("text", "meant"), READ.values(), ids=READ.keys())
def test_what_is_meant_is_read(text, meant):
    assert lenient.read(text) == meant


WRONG = {
    "": "line 1, column 1: the end comes too early",
    "{a 1}": "line 1, column 4: a colon",
    "{a:1\n b:2}": "line 2, column 2: a comma or }",
    "[1 2]": "line 1, column 4: a comma or ]",
    "[1,,2]": "line 1, column 4: a value is expected",
    "{,}": "line 1, column 2: the name of a member",
    "{a:}": "line 1, column 4: a value",
    "{a: b}": "line 1, column 5: a value is expected here; texts stand in quotation marks",
    "{a: 'b}": "line 1, column 5: this text has no end",
    "{a: 1 /* }": "line 1, column 7: this comment has no end",
    "{a: 1 / 2}": "line 1, column 7: a value",
    "{a: 1} {b: 2}": "line 1, column 8: the end is expected",
    "{a: 1e999}": "line 1, column 5: this number is too large",
    "[NaN]": "line 1, column 2: a value",
    "[" * 101 + "]" * 101: "line 1, column 101: there may be at most 100",
}


@pytest.mark.parametrize(("text", "words"), WRONG.items())
def test_what_is_wrong_is_named_by_its_place_and_never_shown(text, words):
    with pytest.raises(lenient.Unreadable) as reason:
        lenient.read(text)
    assert str(reason.value).startswith(words)


def test_strict_json_is_read_as_json_reads_it():
    for text in ('{"a":[1,2.5,-3e2,true,false,null,"\\u00e4\\n"],"b":{}}', '"x"', "0", "[[[]]]"):
        assert lenient.read(text) == json.loads(text)


COMMAND = "{command: '打印', data: {name: '联通测试'}}"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (COMMAND.encode(), ""),
        (COMMAND.encode("utf-8-sig"), ""),
        (COMMAND.encode("gbk"), ""),
        (COMMAND.encode("gbk"), "GBK"),
        (COMMAND.encode(), "gb2312"),
        (COMMAND.encode("utf-16"), ""),
        (b"\xfe\xff" + COMMAND.encode("utf-16-be"), "utf-16"),
        (json.dumps({"command": "打印", "data": {"name": "联通测试"}}, ensure_ascii=False).encode("gbk"), ""),
    ],
)
def test_a_body_in_every_encoding(body, charset):
    asked = parse(body, charset)
    assert (asked.command, asked.data) == ("打印", {"name": "联通测试"})


def test_who_says_that_it_is_gbk_is_believed_first():
    body = "{command: '联通'}".encode("gbk")  # which is UTF-8 by chance
    assert parse(body, "gbk").command == "联通"


def test_bytes_of_no_encoding_are_refused():
    with pytest.raises(Malformed, match="neither UTF-8 nor GBK"):
        parse(b'{"command":"\xff\xff"}')


MILLION = 10**6
#: Bodies that make careless readers slow: each is repeated up to the same size.
NASTY = {
    "slashes": (b"{", b"/", b""),
    "comments": (b"{", b"/**/", b""),
    "open comments": (b"{", b"/*/", b""),
    "line comments": (b"{", b"//\n", b""),
    "quotes": (b"{", b'"', b""),
    "backslashes": (b"{a:'", b"\\", b""),
    "escapes": (b"{a:'", b"\\n", b"'}"),
    "half surrogates": (b"{a:'", b"\\ud83d", b"'}"),
    "a text without end": (b"{a:'", b"x", b""),
    "digits": (b"{a:", b"1", b"}"),
    "zeros and dots": (b"{a:", b"0.", b"}"),
    "exponents": (b"{a:1e", b"9", b"}"),
    "a word": (b"{", b"a", b""),
    "commas": (b"[1", b",", b"]"),
    "values": (b"{a:[", b"1,", b"]}"),
    "members": (b"{", b"a:1,", b"}"),
    "brackets": (b"", b"[", b""),
    "objects": (b"", b"{a:", b""),
    "empty objects": (b"{a:[", b"{},", b"]}"),
    "blanks": (b"", b" ", b""),
    "half of UTF-8": (b"{a:'", b"\xe6\x89", b"'}"),
}


@pytest.mark.parametrize(("begin", "again", "end"), NASTY.values(), ids=NASTY.keys())
def test_time_grows_with_the_length_and_no_faster(begin, again, end):
    def seconds(size):
        body = begin + again * (size // len(again)) + end
        begun = time.thread_time()
        with pytest.raises(Malformed):
            parse(body)
        return time.thread_time() - begun

    small, large = seconds(MILLION // 4), seconds(MILLION)
    assert large < 12 * small + 0.2  # four times the length; a square would be sixteen times and more
    assert large < 10


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(_JSON)
def test_all_json_is_read_as_itself(value):
    assert lenient.read(json.dumps(value)) == value
    assert lenient.read(json.dumps(value, ensure_ascii=False, indent=1)) == value


_PIECES = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "'",
        '"',
        "\\",
        "/",
        "//",
        "/*",
        "*/",
        "\n",
        "a",
        "1",
        "-",
        ".",
        "e",
        "true",
        "null",
        "\\u",
        "d83d",
        "打",
        "\ufeff",
        " ",
    ]
)


@settings(max_examples=500, deadline=1000)
@given(st.lists(_PIECES, max_size=60).map("".join) | st.text(max_size=60))
def test_every_text_has_a_value_or_a_sentence(text):
    assert outcome(lambda: json.dumps(lenient.read(text)).encode() and "line ", lenient.Unreadable).startswith("line ")


@settings(max_examples=300, deadline=1000)
@given(st.binary(max_size=80) | st.binary(max_size=40).map(lambda each: b'{command:"x",data:{a:"' + each + b'"}}'))
def test_every_body_is_a_command_or_malformed(body):
    assert outcome(lambda: f"{parse(body).command}.", Malformed).endswith(".")


def outcome(work, refusal):
    """What came out, or the sentence why nothing did."""
    try:
        return work()
    except refusal as reason:
        return str(reason)
