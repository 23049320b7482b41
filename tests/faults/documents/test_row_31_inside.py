"""Row 31: addresses of the inside in every spelling, redirects, names that rebind, and what a page does after it has loaded."""

from contextlib import asynccontextmanager

import pytest

from libs.contracts.documents import Format, SealedRequest
from tests.converter import samples
from tests.converter.servers import serving
from tests.faults.rig import canaries, internet
from tests.faults.rig.internet import INNER, PUBLIC, PUBLIC6, SECOND
from tests.faults.rig.names import naming
from tests.faults.rig.siege import PRINTED, Attack, besieged
from tests.faults.rig.sinks import TREASURE, sinking

SECRET = "SECRET-7b1f"
#: How many of them are at work at the same time.
ABREAST = 3
REFUSED = ("unreachable", "later", "mislabelled", "broken")
#: Names that lead inside: at once, among others, by another name, and after the first look.
NAMES = {
    "public.example": [[PUBLIC, PUBLIC6]],
    "second.example": [[SECOND]],
    "inner.example": [["127.0.0.1"]],
    "metadata.example": [["169.254.169.254"]],
    "six.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "both.example": [[PUBLIC, "127.0.0.1"]],
    "alias.example": [["localhost"]],
    "rebind.example": [[PUBLIC], ["127.0.0.1"]],
    "again.example": [[PUBLIC], [PUBLIC], ["169.254.169.254"]],
    "turns.example": [[PUBLIC], ["10.0.0.5"]] * 40,
}
HOSTS = (
    *("127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST.", "ip6-localhost", "127.1", "127.0.1", "0", "0.0.0.0", "0x7f.1"),
    *(
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0x7f.0.0x0.1",
        "127.0.0.1.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
    ),
    *("[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[0:0:0:0:0:ffff:127.0.0.1]", "[fd00:ec2::254]"),
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "[::ffff:169.254.169.254]", "100.100.100.200", "10.0.0.5", "172.16.0.9"),
    *("192.168.1.1", "100.64.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1", "%31%32%37.0.0.1", "inner.example", "INNER.EXAMPLE"),
    *("metadata.example", "six.example", "mapped.example", "alias.example", "[::1%25lo]", "[fe80::1%25lo]"),
    *("public.example@127.0.0.1", "public.example:80@127.0.0.1", "public.example%2f@127.0.0.1", "public.example\\@127.0.0.1"),
)
#: The bus's own ports among others.
ADDRESSES = (
    *(f"http://{host}/" for host in HOSTS),
    *("http://127.0.0.1:4222/", "http://127.0.0.1:8222/varz", "http://[::ffff:127.0.0.1]:4222/", "http://localhost:5432/"),
    *(
        "HTTP://127.0.0.1/",
        "hTTp://LocalHost:8222/",
        "http:127.0.0.1",
        "http:/127.0.0.1",
        "http:\\\\127.0.0.1",
        "https://127.0.0.1/",
    ),
    *(
        "https://inner.example/",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1:4222/_x",
        "file:///etc/passwd",
        "file://127.0.0.1/etc/passwd",
    ),
    *(
        "view-source:http://127.0.0.1/",
        "blob:http://127.0.0.1/x",
        "jar:http://127.0.0.1!/x",
        "dict://127.0.0.1:8222/x",
        "//127.0.0.1/",
    ),
)
PAGE = """<p id=p>words</p>{0}<script>
const all = {1};
for (const at of all) {{
  try {{ fetch(at).then(r => r.text()).then(t => p.textContent += t).catch(() => 0) }} catch (e) {{}}
  try {{ fetch(at, {{mode: 'no-cors', method: 'POST', body: 'PUB x 1\\r\\nx'}}).catch(() => 0) }} catch (e) {{}}
  try {{ new WebSocket(at.replace('http', 'ws')) }} catch (e) {{}}
  try {{ navigator.sendBeacon(at, 'x') }} catch (e) {{}}
  try {{ new EventSource(at) }} catch (e) {{}}
}}
for (const at of ['127.0.0.1', '10.0.0.5', '169.254.169.254', '{2}'])
  try {{ let c = new RTCPeerConnection({{iceServers: [{{urls: 'stun:' + at + ':4222'}}, {{urls: 'turn:' + at + ':80?transport=tcp',
    username: 'x', credential: 'x'}}]}}); c.createDataChannel('x');
    c.createOffer().then(o => c.setLocalDescription(o)) }} catch (e) {{}}
</script>"""
TAGS = (
    '<img src="{0}"><iframe src="{0}"></iframe><link rel=stylesheet href="{0}"><script src="{0}"></script>'
    '<object data="{0}"></object>'
    '<embed src="{0}"><video src="{0}"></video><link rel=preconnect href="{0}"><link rel=prefetch href="{0}">'
    '<style>@import url("{0}");</style><svg><image href="{0}"/><use href="{0}#x"/></svg>'
)
#: Pages that go elsewhere once they are loaded.
JOURNEYS = (
    "<script>setTimeout(() => location = '{0}', 20)</script>words",
    "<script>onload = () => location.replace('{0}')</script>words",
    '<meta http-equiv=refresh content="0;url={0}">words',
    "<form id=f method=post enctype=text/plain action='{0}'><input name=PUB value=x></form><script>f.submit()</script>words",
    "<script>open('{0}'); setTimeout(() => open('{0}', '_self'), 10)</script>words",
    "<a id=a href='{0}' ping='{0}' download>x</a><script>a.click()</script>words",
    "<script>history.pushState(0, '', '/x'); document.write(`<iframe src='{0}'></iframe>`)</script>words",
)


def page(addresses, own="127.0.0.2"):
    return PAGE.format("".join(TAGS.format(at) for at in addresses), list(addresses), own).encode()


@asynccontextmanager
async def world():
    """Public servers, a name server, and sinks on every inner address."""
    hops = {f"/hop{number}": at for number, at in enumerate(ADDRESSES)} | {"/away": "http://second.example/landed"}
    rebinding = page(
        ["/x", *(f"http://{name}/" for name in NAMES if name.endswith("s.example") or "rebind" in name or "both" in name)]
    )
    answers = hops | {"/rebind": rebinding, "/": b"public words", "/landed": samples.pages("landed"), "/own": rebinding}
    async with (
        sinking(INNER) as sinks,
        naming(NAMES) as names,
        serving(answers, PUBLIC, port=80) as first,
        serving(answers, SECOND, port=80) as second,
    ):
        yield sinks, names, first, second


def direct():
    """Each address as a document's own: fetched, and opened by the browser."""
    return [Attack(f"{kind} at {at}", kind, SealedRequest(at), REFUSED) for at in ADDRESSES for kind in (Format.PDF, Format.HTML)]


def redirected():
    """Each as the goal of a public server's redirect: all of them fetched, every fourth opened by the browser."""
    ends = (*REFUSED, PRINTED)
    made = [(Format.PDF, n) for n in range(len(ADDRESSES))] + [(Format.HTML, n) for n in range(0, len(ADDRESSES), 4)]
    return [Attack(f"{kind} by /hop{n}", kind, SealedRequest(f"http://public.example/hop{n}"), ends) for kind, n in made]


def pages():
    """Pages with all addresses in tags and scripts, pages that go elsewhere, names that rebind, and headers for one origin."""
    made = [Attack(f"a page with addresses, {n}", Format.HTML, page(ADDRESSES[n::4]), (PRINTED,)) for n in range(4)]
    goals = ("http://127.0.0.1:8222/", "http://rebind.example/x", "http://public.example/hop0")
    ends = (PRINTED, *REFUSED)
    made += [
        Attack(f"journey {n} to {at}", Format.HTML, each.format(at).encode(), ends)
        for n, each in enumerate(JOURNEYS)
        for at in goals
    ]
    secret = (("Cookie", f"session={SECRET}"), ("Authorization", f"Bearer {SECRET}"), ("X-Key", SECRET))
    for kind in (Format.HTML, Format.PDF):
        for name in ("rebind", "again", "turns", "both"):
            made += [Attack(f"{kind} at {name}, {n}", kind, SealedRequest(f"http://{name}.example/rebind"), ends) for n in range(2)]
        for path in ("away", "own"):
            made.append(
                Attack(f"{kind} with headers at /{path}", kind, SealedRequest(f"http://public.example/{path}", secret), ends)
            )
    return made


async def reach_inside(row):
    """Every address as a document's own, as a redirect's goal and in pages; all names; journeys; headers."""
    async with world() as (sinks, names, first, second):
        places = await sinks.proven()
        good = (Format.TEXT, Format.HTML)
        async with besieged(row, *good, waiting=good, convert_timeout=30.0) as siege:
            groups = [direct(), redirected(), pages()]
            row.did(
                f"{len(ADDRESSES)} spellings of inner addresses (decimal, octal, hexadecimal, short, IPv6 and IPv4 within it, "
                "user@host, "
                "other schemes, full-width digits, the bus's ports 4222 and 8222, cloud metadata, names that lead inside): as a "
                f"document's own address ({len(groups[0])} documents), as the goal of a redirect ({len(groups[1])}), in "
                f"{len(groups[2])} "
                "pages and documents with every tag, script, web socket, beacon and WebRTC, with journeys after loading, and "
                "at names "
                "of an own name server (TTL 0) that lead outside first and inside then. The converter was set up as in "
                "production, in a "
                "network of its own where public addresses are this test's."
            )
            ends = await siege.against(*(each for group in groups for each in group), abreast=ABREAST, times=1)
            await siege.calm()
            papers = [end for end in ends if end.made]
            leaks = [end.attack.name for end in papers if canaries.found(end.made, TREASURE)]
            control = await siege._convert(Format.HTML, f"<h1>{TREASURE}</h1>".encode())
            assert canaries.found(control, TREASURE)
            assert sinks.hits == []
            assert leaks == []
            asked = {name: names.asked[f"{name}.example 1"] for name in ("rebind", "again", "turns")}
            assert min(asked.values()) > 2, "each was resolved again after it had changed"
            assert any("/rebind" in asked.path for asked in first.seen), "and was reached as long as it led outside"
            told = [asked for asked in first.seen if SECRET in str(asked.headers)]
            assert told
            assert {"/landed"} <= set(second.paths)
            assert not any(SECRET in str(asked.headers) for asked in second.seen)
            row.saw(
                f"{places} sinks (TCP and UDP) on {len(INNER)} inner addresses had 0 hits, each had recorded one when it was "
                "asked directly; 0 "
                f"of {len(papers)} PDFs have a word of a sink. Names that rebind were resolved {sum(asked.values())} times, and "
                "their inner "
                f"address was refused each time; the task's cookie and keys went to its own origin {len(told)} times, to a "
                "second one "
                f"({len(second.seen)} requests, also by redirect) never.",
                hits=0,
                canaries=0,
                sinks=places,
                pdfs=len(papers),
            )
        assert sinks.hits == [], "nor while the engines ended"


@pytest.mark.row(31)
@pytest.mark.timeout(500)
async def test_row_31_no_spelling_of_an_inner_address_reaches_it(row):
    await internet.check(row, f"{__name__}:reach_inside")
