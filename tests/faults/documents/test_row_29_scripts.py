"""Row 29: pages whose scripts never end, ask, open windows, print, breed workers and fill the memory."""

import time

import pytest

from libs.contracts.documents import Format
from tests.converter import samples
from tests.faults.rig import busy, sessions
from tests.faults.rig.alarms import alarmed
from tests.faults.rig.siege import PRINTED, Attack, besieged
from tests.waiting import until

#: Seconds that a page may take; on a machine that is busy with other things more, at most so many times.
LIMIT, BUSIEST = 4.0, 3.0
SLOW = ("timeout", "memory", "crash")
ANY = (PRINTED, *SLOW, "too-large", "broken")
VIDEO = """for (let kind of ['video', 'audio']) {
  let e = document.createElement(kind); e.src = '/x'; e.autoplay = e.loop = true; document.body.append(e); e.play().catch(() => 0)
}"""
#: Scripts of pages that have words besides, and how each may end: in turns one that may take its time, and one that should not.
SCRIPTS = {
    "an endless loop": ("while (true) {}", ("timeout",)),
    "questions": ("for (let i = 0; i < 9; i++) { alert(1); confirm(2); prompt(3) }", (PRINTED,)),
    "arrays without end": ("let a = []; for (;;) a.push(new Array(1e6).fill(1))", SLOW),
    "print() again and again": ("for (let i = 0; i < 99; i++) print(); onload = () => print()", (PRINTED,)),
    "an endless loop when it is printed": ("onbeforeprint = () => { for (;;) {} }", ("timeout",)),
    "windows": ("for (let i = 0; i < 50; i++) open('about:blank')", (PRINTED, "timeout")),
    "ten million nodes": ("for (let i = 0; i < 1e7; i++) document.body.append(document.createElement('p'))", ANY),
    "a video and a sound": (VIDEO, (PRINTED,)),
    "a page a mile high": ("document.body.style.height = '100000000px'", ANY),
    "a web socket and a wait": ("new WebSocket('ws://document.invalid/'); fetch('/never')", (PRINTED,)),
    "a journey without end": ("setInterval(() => location.reload(), 1)", ANY),
    "windows that open windows": ("for (let i = 0; i < 9; i++) open(location)", (PRINTED, "timeout")),
    "fifty workers": (
        "let u = URL.createObjectURL(new Blob(['for(;;){}'])); for (let i = 0; i < 50; i++) new Worker(u)",
        (PRINTED, *SLOW),
    ),
}
#: Leaves a word wherever pages of one origin can, and prints what it finds of other pages; frames of its own it does hear.
NEIGHBOUR = """<p id=p>words</p><script>
const me = Math.random().toString(), say = t => p.textContent += ' ' + t, hear = t => say(t === me ? 'own' : 'HEARD');
const line = new BroadcastChannel('x'); line.onmessage = e => hear(e.data);
const frame = document.createElement('iframe');
frame.srcdoc = `<script>new BroadcastChannel('x').postMessage('${me}')<` + '/script>'; document.body.append(frame);
const end = Date.now() + 1000; document.cookie = 'c' + me + '=1';
(function again() {
  line.postMessage(me); localStorage['k' + me] = me; caches.open(me).catch(() => 0); indexedDB.open(me);
  for (const k in localStorage) if (k[0] == 'k' && k != 'k' + me) say('HEARD');
  if (document.cookie.split(';').length > 1) say('HEARD');
  indexedDB.databases().then(all => all.length > 1 && say('HEARD'));
  caches.keys().then(all => all.length > 1 && say('HEARD'), () => 0);
  if (Date.now() < end) { let x = new XMLHttpRequest(); x.open('GET', '/' + me, false); x.send(); setTimeout(again, 50) }
})();
</script>"""


@pytest.mark.row(29)
@pytest.mark.timeout(500)
async def test_row_29_pages_that_never_end_are_ended_and_leave_nothing(row):
    good, limit = (Format.HTML, Format.TEXT), LIMIT * min(busy.times(), BUSIEST)
    async with (
        alarmed(row) as alarms,
        besieged(row, *good, waiting=good, convert_timeout=limit, converter_pages=6) as siege,
    ):
        made = [Attack(name, Format.HTML, _page(script, alarms), ends) for name, (script, ends) in SCRIPTS.items()]
        row.did(
            f"Sent {len(made)} pages, each twice at the same time, while good documents went on, half of them HTML in the same "
            f"browser; a page may take {limit:.2g} s: {'; '.join(SCRIPTS)}. Each of them asked for inner addresses and files, too."
        )
        begun = time.monotonic()
        await siege.against(*made, abreast=2)
        took = time.monotonic() - begun
        await until(lambda: _open_pages(siege) == 0, 20, "no page of a document stays open")
        await until(lambda: _browsers(siege) <= {_current(siege)}, 20, "every browser with a page that did not end has ended")
        ended = [end for end in siege.ends if end.cause != PRINTED]
        assert {"timeout"} <= {end.cause for end in ended}
        heard = await siege.against(Attack("pages that listen for each other", Format.HTML, NEIGHBOUR.encode(), (PRINTED,)))
        texts = [samples.read(end.made).text for end in heard]
        assert all("own" in text for text in texts), "a page hears its own frame"
        assert not any("HEARD" in text for text in texts)
        after = await siege._convert(Format.HTML, b"<p>good words")
        assert "good words" in samples.read(after).text
        await alarms.silent(siege)
        seen = len(siege.sessions)
        slowest = max(end.seconds for end in siege.ends)
    row.saw(
        f"In {took:.0f} s every page was printed or ended with its cause, the slowest after {slowest:.1f} s ({limit:.2g} s "
        f"beside others, {limit:.2g} s alone, and a fresh browser). No window, worker or page stayed open; of the {seen} sessions "
        "in which engines ran no process was left, looked up by session as pgrep does; a browser in which a page had to be "
        "killed was gone with its whole group while the converter went on. Pages of one moment heard nothing of each other "
        "(broadcast, storage, databases, caches, cookies), but their own frames; a page after all of them was printed.",
        sessions=seen,
        ended=len(ended),
    )


def _page(script, alarms):
    """Words, everything inner that could be asked for, and the script."""
    tags = "".join(f"<img src='{at}'><iframe src='{at}' hidden></iframe>" for at in alarms.addresses)
    asks = f"for (let at of {alarms.addresses}) fetch(at).then(r => r.text()).then(t => document.body.append(t)).catch(() => 0)"
    return f"<p>words</p>{tags}<script>{asks}</script><script>{script}</script>".encode()


def _open_pages(siege):
    """How many pages of documents the browser still has, besides those that stand prepared for the next."""
    browser = siege.converter.engines.browsers.current
    if browser is None or not browser.alive:
        return 0
    prepared = sum(1 for stand in browser._free if stand.page)
    return sum(len(context.pages) for context in browser._process.browser.contexts) - prepared


def _current(siege):
    browser = siege.converter.engines.browsers.current
    return browser.pid if browser else 0


def _browsers(siege):
    """The sessions in which a browser runs."""
    found = sessions.members(siege.sessions)
    return sessions.of(pid for pid, program in found.items() if "chrom" in program or "headless" in program)
