"""The guarded fetcher."""

from ipaddress import ip_network

import pytest

from libs.contracts.documents import SealedRequest
from libs.runtime.vetting import Guard, Unreachable
from services.converter.domain import Rejected
from services.converter.fetch import Fetcher, origin, own_headers
from tests.converter.servers import serving


@pytest.fixture
async def fetcher():
    made = Fetcher(Guard([ip_network("127.0.0.1/32")]), max_bytes=1000)
    yield made
    await made.close()


async def fetched(fetcher, url, path, headers=()):
    return (await fetcher.fetch(SealedRequest(url, tuple(headers)), path / "out")).read_bytes()


async def test_a_document_is_downloaded(fetcher, tmp_path):
    async with serving({"/a": b"bytes"}) as server:
        assert await fetched(fetcher, f"{server.url}/a?token=1", tmp_path) == b"bytes"
    assert server.paths == ["/a?token=1"]


async def test_redirects_are_followed_five_times_and_vetted_each_time(fetcher, tmp_path):
    async with serving({"/canary": b"secret"}, host="127.0.0.2") as inner:
        hops = {f"/{n}": f"/{n + 1}" for n in range(9)} | {
            "/5": b"end",
            "/away": f"{inner.url}/canary",
            "/file": "file:///etc/passwd",
            "/source": "view-source:file:///etc/passwd",
            "/bracket": "http://[::1",
        }
        async with serving(hops) as server:
            assert await fetched(fetcher, f"{server.url}/0", tmp_path) == b"end"
            for path in ("/away", "/file", "/source", "/bracket"):
                with pytest.raises(Rejected) as refused:
                    await fetched(fetcher, f"{server.url}{path}", tmp_path)
                assert refused.value.reason == "document-access-error"
        async with serving({f"/{n}": f"/{n + 1}" for n in range(9)}) as endless:
            with pytest.raises(Rejected, match="redirected more than 5 times"):
                await fetched(fetcher, f"{endless.url}/0", tmp_path)
        assert inner.seen == []


async def test_headers_go_to_the_first_origin_only(fetcher, tmp_path):
    secret = [
        ("Cookie", "a=1; b=2"),
        ("X-Key", "secret"),
        ("Host", "evil"),
        ("Connection", "upgrade"),
        ("Transfer-Encoding", "chunked"),
    ]
    async with serving({"/b": b"bytes"}) as second, serving({"/a": f"{second.url}/b", "/same": "/last", "/last": b"x"}) as first:
        await fetched(fetcher, f"{first.url}/a", tmp_path, secret)
        await fetched(fetcher, f"{first.url}/same", tmp_path, secret)
    assert [asked.headers.get("x-key") for asked in first.seen] == ["secret"] * 3
    assert all(asked.headers["cookie"] == "a=1; b=2" and asked.headers["host"] == f"127.0.0.1:{first.port}" for asked in first.seen)
    assert "x-key" not in second.seen[0].headers
    assert "cookie" not in second.seen[0].headers


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x/y",
        "gopher://x",
        "gopher://x:70/",
        "ftp://x:80/",
        "http://",
        "//x",
        "x",
        "",
        "http://[::1",
        "http://a:99999/",
        "javascript:1",
        "data:,x",
    ],
)
async def test_only_http_and_https_are_fetched(fetcher, tmp_path, url):
    with pytest.raises(Rejected) as refused:
        await fetched(fetcher, url, tmp_path)
    assert refused.value.reason == "document-access-error"


async def test_size_is_limited_and_emptiness_is_told(fetcher, tmp_path):
    async with serving({"/big": bytes(5000), "/empty": b""}) as server:
        with pytest.raises(Rejected, match="larger than") as refused:
            await fetched(fetcher, f"{server.url}/big", tmp_path)
        assert refused.value.reason == "document-unprintable-error"
        with pytest.raises(Rejected, match="empty"):
            await fetched(fetcher, f"{server.url}/empty", tmp_path)


async def test_a_refusal_names_the_host_and_never_the_query(fetcher, tmp_path):
    async with serving({}) as server:
        with pytest.raises(Rejected) as refused:
            await fetched(fetcher, f"{server.url}/none?token=secret", tmp_path)
    assert refused.value.message == "The document cannot be fetched: 127.0.0.1 answers with the status 404."
    with pytest.raises(Unreachable) as later:
        await fetched(fetcher, "http://127.0.0.1:1/?token=secret", tmp_path)
    assert "secret" not in str(later.value)


def test_headers_that_steer_the_connection_or_break_a_head_are_dropped():
    given = (
        ("Host", "x"),
        ("X-Ok", "1"),
        ("Bad Name", "1"),
        ("X-Break", "a\r\nb"),
        ("", "x"),
        ("Content-Length", "5"),
        ("X_Also", "2"),
    )
    assert own_headers(SealedRequest("http://x", given)) == [("X-Ok", "1"), ("X_Also", "2")]


def test_an_origin_is_scheme_host_and_port():
    assert origin("HTTP://User:pw@Example.COM./a") == ("http", "example.com", 80)
    assert origin("https://example.com:8443/") == ("https", "example.com", 8443)
