"""C17: two halves are cut apart, both alive, each with a spooler and an agent for the same printer."""

import re
import shutil
import time
from collections import Counter

import pytest

from tests.faults.rig.ippfake import FakePrinter
from tests.faults.rig.load import client
from tests.faults.rig.outcome import settled
from tests.faults.rig.relay import relaying
from tests.integration.installation import installation
from tests.integration.processes import processes
from tests.waiting import until

BEFORE, MEANWHILE = 12, 15


@pytest.mark.row(17)
@pytest.mark.timeout(300)
async def test_row_17_only_one_decides_only_one_is_given_work_and_nothing_is_printed_twice(row, tmp_path):
    async with (
        FakePrinter("Office", history=row.history("Office"), paper=tmp_path / "paper", second_per_page=0.5) as printer,
        installation(tmp_path, [printer.entry], CONVERTER_ENGINES='["text"]', UNKNOWN_POLICY="ask") as server,
        processes(server) as parts,
        relaying(int(parts.url.rsplit(":", 1)[1])) as link,
    ):
        # The half that is cut off has its own way to the bus; both have the database, and the printer.
        apart = {"NATS_URL": f"nats://127.0.0.1:{link.port}"}
        for service in ("registry", "converter", "gateway"):
            parts.start(service)
        parts.start("spooler", **apart)
        parts.start("agent", **apart)
        await server.ready(90)
        await server.device("Office", within=60)
        other = tmp_path / "other"
        for name in ("keys", "sn", "token"):
            source = server.data / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, _made(other) / name)
        parts.start("spooler-2")
        parts.start("agent-2", DATA_DIR=str(other), DOCUMENTS_URL=str(server.data / "documents"))
        log = server.log.read_text
        await until(lambda: "Another process prints for the agent" in log(), 60, "the second journal is refused", every=0.2)
        async with client([server.url], server.token, row.history("client")) as sender:
            await sender.batch("Office", [f"before {number}" for number in range(BEFORE)])
            await until(lambda: len(list((tmp_path / "paper").glob("*"))) >= 2, 60, "printing has begun", every=0.1)
            link.cut()
            cut_at = time.monotonic()
            meanwhile = [await sender.submit("Office", f"meanwhile {number}") for number in range(MEANWHILE)]
            await until(
                lambda: len(re.findall("lease gained .*lease=spooler", log())) == 2, 30, "the other spooler decides", every=0.1
            )
            taken_over = time.monotonic() - cut_at
            await until(lambda: log().count("agent admitted") == 2, 60, "the other journal is admitted", every=0.1)
            admitted = time.monotonic() - cut_at
            await server.all_reach(meanwhile, "FINISHED", within=90)
            unknown = Counter((await server.statuses()).values())["PARTIAL_PRINTED"]
            refused = log().count("the agent may not print")
            link.heal()
            await until(lambda: log().count("the agent may not print") > refused, 60, "the old journal is refused", every=0.2)
            # What the journal that was cut off has to tell arrives late, and is the truth all the same.
            await server.all_reach(sender.accepted, "FINISHED", within=60)
            await settled([sender], 60)
        row.check()
    row.did(
        "This is not yet a data centre with its own bus (regions come with their own issue), but the same question with what "
        "there is: two spoolers on one database, two agents with different journals for the same IPP printer. The line of one "
        f"half to the bus was cut while {BEFORE} tasks were being printed; both halves stayed alive. Meanwhile {MEANWHILE} tasks "
        "were submitted; then the halves were joined again."
    )
    row.saw(
        f"While both had a line the second journal was refused. After the cut the other spooler held the lease {taken_over:.1f} "
        f"s later and admitted the other journal after {admitted:.1f} s; all {MEANWHILE} tasks that were submitted meanwhile "
        "were accepted and printed there. The journal that was cut off finished what it had begun and was refused when it came "
        f"back. Its {unknown} orders were called unknown (PARTIAL_PRINTED) until then, because nobody could ask; its late "
        f"reports said that they were printed. All {BEFORE + MEANWHILE} tasks are on paper once.",
        taken_over=round(taken_over, 1),
        admitted=round(admitted, 1),
        unknown=unknown,
    )


def _made(folder):
    folder.mkdir(exist_ok=True)
    return folder
