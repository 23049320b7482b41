"""What an agent counts: attempts at paper as they end, and its printers as they are when somebody asks."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry

from libs.contracts.devices import Device, DeviceType
from libs.contracts.metrics import (
    AGENT_DUPLICATES,
    AGENT_PAGES,
    PRINTER_RATED,
    PRINTER_REASON,
    PRINTER_STATE,
    PRINTER_WAITING,
    PRINTS,
    told_reason,
)
from libs.runtime import traces
from libs.runtime.metrics import Rows, counter, histogram, rows

#: Printers that are told by their names: an agent of a thousand would be more than anybody looks at.
MOST = 200
#: What the others of a larger agent are counted under.
OTHERS = "other"


class Meters:
    """The counters of one agent."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._metrics = metrics
        self._seconds = histogram(PRINTS, metrics)
        self._pages = counter(AGENT_PAGES, metrics)
        self._counted: set[str] = set()
        self.duplicates = counter(AGENT_DUPLICATES, metrics)

    def printed(self, outcome: str, seconds: float) -> None:
        """An attempt has ended (printed, failed, unknown, expired), or was told why it stands (stopped)."""
        self._seconds.labels(outcome).observe(seconds, traces.exemplar())

    def pages(self, printer: str, driver: str, pages: int) -> None:
        """So many are on the paper of a printer."""
        if pages:
            if len(self._counted) < MOST:
                self._counted.add(printer)
            self._pages.labels(printer if printer in self._counted else OTHERS, driver).inc(pages)

    def watch(
        self,
        devices: Callable[[], Iterable[Device]],
        printers: Callable[[], Iterable[str]],
        rated: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        """Tell the printers among `devices`, and whose attempts are open: the name of a printer for each.

        `rated`: the pages per minute of those that say so, by their names.
        """

        def known() -> list[Device]:
            return [each for each in devices() if each.type is DeviceType.PRINTER][:MOST]

        def states() -> Rows:
            return {(each.name, each.state.value): 1.0 for each in known()}

        def reasons() -> Rows:
            return {(each.name, told): 1.0 for each in known() for reason in each.reasons if (told := told_reason(reason))}

        def waiting() -> Rows:
            return {(name,): float(count) for name, count in Tally(printers()).most_common(MOST)}

        def speeds() -> Rows:
            return {(name,): float(pages) for name, pages in sorted(rated().items())[:MOST]}

        rows(PRINTER_RATED, self._metrics, speeds)
        rows(PRINTER_STATE, self._metrics, states)
        rows(PRINTER_REASON, self._metrics, reasons)
        rows(PRINTER_WAITING, self._metrics, waiting)
