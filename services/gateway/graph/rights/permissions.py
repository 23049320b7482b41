"""The permissions that tokens may carry, and which of them contain which (graph-print.md 6.4 and 6.5)."""

from collections.abc import Iterable
from functools import cache

_JOBS = ("PrintJob.ReadBasic", "PrintJob.Read", "PrintJob.ReadWriteBasic", "PrintJob.ReadWrite")
_ALL_JOBS = tuple(f"{each}.All" for each in _JOBS)

#: What a user may let an application do (`scp`).
DELEGATED = (
    "Printer.Create",
    "Printer.Read.All",
    "Printer.ReadWrite.All",
    "Printer.FullControl.All",
    "PrinterShare.ReadBasic.All",
    "PrinterShare.Read.All",
    "PrinterShare.ReadWrite.All",
    "PrintJob.Create",
    *_JOBS,
    *_ALL_JOBS,
    "PrintConnector.Read.All",
    "PrintConnector.ReadWrite.All",
    "PrintSettings.Read.All",
    "PrintSettings.ReadWrite.All",
    "PrintAlertSettings.Read.All",
    "PrintAlertSettings.ReadWrite.All",
    "Reports.Read.All",
    "Subscription.Read.All",
)

#: What an application may do by itself (`roles`).
APPLICATION = (
    "Printer.Read.All",
    "Printer.ReadWrite.All",
    *_ALL_JOBS,
    "PrintJob.Manage.All",
    "PrintTaskDefinition.ReadWrite.All",
)

#: A permission -> those that it contains directly. Manage has no payload in it, and neither has Basic.
_CONTAINS = {
    "Printer.FullControl.All": ("Printer.ReadWrite.All",),
    "Printer.ReadWrite.All": ("Printer.Read.All",),
    "PrinterShare.ReadWrite.All": ("PrinterShare.Read.All",),
    "PrinterShare.Read.All": ("PrinterShare.ReadBasic.All",),
    "PrintJob.Manage.All": ("PrintJob.ReadWriteBasic.All",),
    "PrintJob.ReadWrite.All": ("PrintJob.ReadWrite", "PrintJob.Read.All", "PrintJob.ReadWriteBasic.All"),
    "PrintJob.ReadWriteBasic.All": ("PrintJob.ReadWriteBasic", "PrintJob.ReadBasic.All"),
    "PrintJob.Read.All": ("PrintJob.Read", "PrintJob.ReadBasic.All"),
    "PrintJob.ReadBasic.All": ("PrintJob.ReadBasic",),
    "PrintJob.ReadWrite": ("PrintJob.Read", "PrintJob.ReadWriteBasic"),
    "PrintJob.ReadWriteBasic": ("PrintJob.ReadBasic",),
    "PrintJob.Read": ("PrintJob.ReadBasic",),
    "PrintConnector.ReadWrite.All": ("PrintConnector.Read.All",),
    "PrintSettings.ReadWrite.All": ("PrintSettings.Read.All",),
    "PrintAlertSettings.ReadWrite.All": ("PrintAlertSettings.Read.All",),
}


@cache
def _within(permission: str) -> frozenset[str]:
    return frozenset((permission,)).union(*(_within(each) for each in _CONTAINS.get(permission, ())))


def held(permissions: Iterable[str]) -> frozenset[str]:
    """These permissions with all that they contain. What is no permission of this API stands for itself alone, and is not kept."""
    known = [each for each in permissions if each in _KNOWN]
    return frozenset[str]().union(*(_within(each) for each in known))


_KNOWN = frozenset((*DELEGATED, *APPLICATION))
