"""Databases filled without printing: rows of a real task, written again and again under other ids, and printers of agents."""

import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from libs.contracts.ids import device_id

#: Tables with a row per task, and the column that names it.
TASK_TABLES = {"task": "id", "material": "task"}
DAY = 86_400_000


def multiply(database: Path, template: str, numbers: range, changes: Mapping[str, str], *, label: str = "bench") -> None:
    """Copies of the stored task `template`, one per number; `changes`: column of `task` -> SQL over `n`. Nobody may use the file.

    Ids are the client's serial number, a dash and twelve signs, as all ids are.
    """
    sn = template.partition("-")[0]
    identity = f"'{sn}-' || printf('{label[:4]:x<4}%08d', n)"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for table, key in TASK_TABLES.items():
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            given = {key: identity, **(changes if table == "task" else {})}
            values = ", ".join(given.get(name, f'one."{name}"') for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            counted = f"SELECT {numbers.start} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {numbers.stop}"
            connection.execute(
                f"WITH RECURSIVE numbers(n) AS ({counted}) "
                f"INSERT INTO {table} ({columns}) SELECT {values} FROM numbers, {table} AS one WHERE one.{key} = ?",
                (template,),
            )
        connection.execute("ANALYZE")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def ended(first_at: int) -> dict[str, str]:
    """What of a task changes that was printed: a millisecond after the one before it."""
    return {
        "stage": "'completed'",
        "reason": "'job-completed-successfully'",
        "told": "CASE WHEN n % 1000 < 3 THEN 'ERROR' WHEN n % 1000 < 13 THEN 'CANCELED' ELSE 'FINISHED' END",
        "message": "''",
        "step": "''",
        "lined": "0",
        "due_at": "0",
        "created_at": f"{first_at} + n",
        "ended_at": f"{first_at} + n + 5000",
        "seq": "0",
        "idx": "n",
    }


def yesterday() -> int:
    """A day ago, in ms since 1970: what ended then is not swept yet."""
    return int(time.time() * 1000) - DAY


@dataclass(frozen=True, slots=True)
class Fleet:
    """Printers of agents that are not there: `Bench 0` and so on, `each` of them at every agent."""

    printers: int
    each: int = 100

    def agent(self, number: int) -> str:
        """The serial number of the agent that has a printer."""
        return f"BA{number // self.each:06d}"

    @staticmethod
    def name(number: int) -> str:
        return f"Bench {number}"

    def store(self, database: Path, sn: str) -> None:
        """Put them into the registry's database, shared with everybody, beside the client `sn`. Nobody may use the file."""
        with closing(sqlite3.connect(database)) as connection:
            client = _template(connection, "clients", "sn = ?", (sn,))
            agents = dict.fromkeys(self.agent(number) for number in range(self.printers))
            _insert(connection, "clients", [{**client, **_agent(agent)} for agent in agents])
            _insert(connection, "devices", [self._device(number, client["tenant"]) for number in range(self.printers)])
            shares = [
                {"agent": self.agent(number), "device": device_id(self.agent(number), self.name(number)), "client": "*"}
                for number in range(self.printers)
            ]
            _insert(connection, "shares", shares)
            connection.commit()

    def _device(self, number: int, tenant: str) -> dict[str, object]:
        agent, name = self.agent(number), self.name(number)
        return {
            "agent": agent, "id": device_id(agent, name), "tenant": tenant, "name": name, "type": "printer", "state": "idle",
            "reasons": "[]", "accepting": 1, "system_default": 0, "unknown": "ask", "capabilities": json.dumps({}), "revision": 1,
            "gone": 0, "guid": f"00000000-0000-4000-8000-{number:012d}", "display": name, "added_at": 1,
        }  # fmt: skip


def _agent(sn: str) -> dict[str, object]:
    return {"sn": sn, "name": sn, "app_id": sn, "guid": f"00000000-0000-4000-9000-{sn[2:]:0>12}"}


def _template(connection: sqlite3.Connection, table: str, where: str, values: tuple[str, ...]) -> dict[str, object]:
    found = connection.execute(f"SELECT * FROM {table} WHERE {where}", values)
    return dict(zip([column[0] for column in found.description], found.fetchone(), strict=True))


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, object]]) -> None:
    names = list(rows[0])
    columns, places = ", ".join(f'"{name}"' for name in names), ", ".join(f":{name}" for name in names)
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)
