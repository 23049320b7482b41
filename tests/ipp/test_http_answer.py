"""libs/ipp/http_answer.py: HTTP as servers write it, and streams that only look like it."""

import asyncio

import pytest

from libs.ipp.http_answer import HttpAnswer, read_answer


async def read(octets, limit=1000):
    reader = asyncio.StreamReader()
    reader.feed_data(octets)
    reader.feed_eof()
    return await read_answer(reader, limit)


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", HttpAnswer(200, b"abc", True)),
        (b"HTTP/1.1 200 OK\ncontent-length: 3\n\nabc", HttpAnswer(200, b"abc", True)),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", HttpAnswer(200, b"", False)),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", HttpAnswer(200, b"a", False)),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\na", HttpAnswer(200, b"a", True)),
        (b"HTTP/1.1 200 OK\r\n\r\nabc", HttpAnswer(200, b"abc", False)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", HttpAnswer(204, b"", True)),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nab\r\n1\r\nc\r\n0\r\nTrailer: 1\r\n\r\n",
            HttpAnswer(200, b"abc", True),
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", HttpAnswer(200, b"a", True)),
    ],
)
async def test_an_answer_is_read(octets, answer):
    assert await read(octets) == answer


@pytest.mark.parametrize(
    "octets",
    [
        b"SSH-2.0-server\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 two OK\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"64\r\n" * 1 + b"x" * 100 + b"\r\n" + b"385\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000,
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 100_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    ],
)
async def test_what_is_not_http_or_too_long_is_refused(octets):
    with pytest.raises(ValueError):
        await read(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    ],
)
async def test_an_answer_that_stops_is_an_end_of_stream(octets):
    with pytest.raises(EOFError):
        await read(octets)
