"""Tasks that their printers gave up in the middle: whether the printers' owners have a say in what becomes of them."""

from libs.contracts.devices import PartialPolicy
from libs.contracts.reports import AgentReport, ConvertReport, TaskFailed
from services.spooler.printers import Printers
from services.spooler.task import Interrupted, Step, Task

Report = ConvertReport | AgentReport


def weighed(report: Report, task: Task | None, printers: Printers) -> Report | Interrupted:
    """The report itself, unless it ends the open attempt in the middle, at a printer whose owner wants something else then."""
    if not isinstance(report, TaskFailed) or not report.pages_sure or task is None:
        return report
    entry = printers.entry(task.agent, task.printer)
    if entry is None or entry.device.partial is PartialPolicy.GIVE_UP or (task.step, task.attempt) != (Step.PRINT, report.attempt):
        return report
    return Interrupted(report, entry.device.partial)
