"""Web pages at addresses: what keeps them from being opened, and when they are complete."""

import pytest

from libs.contracts.documents import Format, SealedRequest
from libs.contracts.tickets import Margins, Media, Ticket
from libs.runtime.vetting import Unreachable
from services.converter.conversion import Rejected
from tests.converter import samples
from tests.converter.samples import read
from tests.converter.servers import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.2/", r"127\.0\.0\.2 is not on the public network"),
        ("http://localhost:1/x?token=secret", None),
        ("http://no-such-host.invalid/", r"no-such-host\.invalid does not exist"),
        ("file:///etc/passwd", "begins with http"),
        ("chrome://version", "begins with http"),
        ("javascript:alert(1)", "begins with http"),
    ],
)
async def test_an_address_that_cannot_be_opened_is_told_by_its_host(convert, url, sentence):
    with pytest.raises((Rejected, Unreachable)) as refused:
        await convert(Format.HTML, SealedRequest(url))
    assert "secret" not in str(refused.value)
    if sentence:
        refused.match(sentence)
        assert refused.value.reason == "document-access-error"


async def test_a_page_that_is_not_there_or_no_page_is_told(convert):
    async with serving({"/around": "/around", "/inside": "http://127.0.0.2:8099/", "/odd": "http://127.0.0.1:25/"}) as server:
        for path, sentence in (
            ("none", "status 404"),
            ("around", "redirects without end"),
            ("inside", "not on the public network"),
            ("odd", "never open"),
        ):
            with pytest.raises(Rejected, match=sentence):
                await convert(Format.HTML, SealedRequest(f"{server.url}/{path}"))
    async with serving({"/zip": b"PK\x03\x04" + bytes(100)}, kind="application/zip") as server:
        with pytest.raises(Rejected, match="no page"):
            await convert(Format.HTML, SealedRequest(f"{server.url}/zip"))
    with pytest.raises(Unreachable):
        await convert(Format.HTML, SealedRequest(f"{server.url}/gone"))


async def test_a_page_is_printed_when_all_that_it_loads_is_there(convert):
    page = b"""<p id=p>early</p><img src=/picture width=10 loading=lazy style="margin-top:3000px">
    <script>setTimeout(() => 0, 1); fetch('/data').then(r => r.text()).then(t => fetch('/more')).then(r => r.text())
    .then(t => p.textContent = t)</script>"""
    answers = {"/": page, "/data": b"data", "/more": b"late words", "/picture": samples.picture("PNG")}
    async with serving(answers) as server:
        finished = await convert(Format.HTML, SealedRequest(f"{server.url}/"))
    assert "late words" in read(finished.path).text
    assert "/picture" in server.paths


async def test_a_page_that_goes_elsewhere_is_printed_where_it_ends(convert):
    async with serving({"/": b"<script>location = '/there'</script>", "/there": b"<p>arrived"}) as server:
        finished = await convert(Format.HTML, SealedRequest(f"{server.url}/"))
    assert "arrived" in read(finished.path).text


async def test_cookies_that_the_server_sets_are_kept_beside_the_tasks_own(convert):
    async with serving({"/": b"<img src=/i><script>document.cookie = 'mine=1'; fetch('/later')</script>"}) as server:
        await convert(Format.HTML, SealedRequest(f"{server.url}/", (("Cookie", "session=s"),)))
    later = next(asked for asked in server.seen if asked.path == "/later")
    assert set(later.headers["cookie"].split("; ")) == {"session=s", "mine=1"}


@pytest.mark.parametrize(("width", "height"), [(100, 50), (60, 40), (105, 148), (210, 297)])
async def test_what_is_exactly_as_high_as_its_sheet_is_one_page(convert, width, height):
    label = f"<style>*{{margin:0}}</style><div style='width:{width}mm;height:{height}mm;outline:1px solid'>label</div>".encode()
    ticket = Ticket(media=Media(width * 100, height * 100), margins=Margins(0, 0, 0, 0))
    finished = await convert(Format.HTML, label, ticket)
    assert (finished.pages, read(finished.path).sizes) == (1, [(width * 100, height * 100)])
