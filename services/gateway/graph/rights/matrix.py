"""The permission matrix: which permission lets whom do what (graph-print.md 1.12, who must be administrator: 1.2 to 1.9)."""

from collections.abc import Iterator
from functools import lru_cache

from services.gateway.graph.rights.permissions import APPLICATION, DELEGATED
from services.gateway.graph.rights.rule import Rule

_PRINTER = ("Printer.Read.All", "Printer.ReadWrite.All", "Printer.FullControl.All")
_PRINTER_WRITE = ("Printer.ReadWrite.All", "Printer.FullControl.All")
_SHARE = ("PrinterShare.ReadBasic.All", "PrinterShare.Read.All", "PrinterShare.ReadWrite.All")
_APP_PRINTER = ("Printer.Read.All", "Printer.ReadWrite.All")
_APP_WRITE = ("Printer.ReadWrite.All",)
_CONNECTOR = ("PrintConnector.Read.All", "PrintConnector.ReadWrite.All")
_CONNECTOR_WRITE = ("PrintConnector.ReadWrite.All",)
_CREATE = ("Printer.Create", *_PRINTER_WRITE)
_DEFINITION = ("PrintTaskDefinition.ReadWrite.All",)
_ANY_PRINT = tuple(each for each in DELEGATED if each.startswith("Print"))
_ANY_READ = tuple(each for each in _ANY_PRINT if each not in ("Printer.Create", "PrintJob.Create"))


def _jobs(*names: str) -> tuple[str, ...]:
    """Each of these for one's own jobs, then for everybody's."""
    return (*(f"PrintJob.{name}" for name in names), *(f"PrintJob.{name}.All" for name in names))


def _all_jobs(*names: str) -> tuple[str, ...]:
    return tuple(f"PrintJob.{name}.All" for name in names)


_SEE = ("ReadBasic", "ReadWriteBasic", "Read", "ReadWrite")
_ACT = ("ReadWriteBasic", "ReadWrite")
_PAYLOAD = ("Read", "ReadWrite")
_SUBMIT = ("PrintJob.Create", *_jobs(*_ACT))
_UPLOAD = ("PrintJob.Create", *_jobs("ReadWrite"))
_CHANGE = _all_jobs("ReadWriteBasic", "ReadWrite", "Manage")


def _rows() -> Iterator[Rule]:
    yield from _fleet()
    for under, delegated, application in (("printers", (*_PRINTER, *_SHARE), _APP_PRINTER), ("shares", _SHARE, ())):
        yield from _job_rows(under, delegated, application)
    yield from _others()


def _fleet() -> Iterator[Rule]:
    pid = "print/printers/{}"
    yield Rule("GET", "print/printers", _PRINTER, _APP_PRINTER, administrator=True)  # for applications: ours (1.3)
    yield Rule("POST", "print/printers/create", _CREATE, administrator=True)
    yield Rule("GET", pid, (*_PRINTER, *_SHARE), _APP_PRINTER)
    yield Rule("GET", f"{pid}/getcapabilities", (*_PRINTER, *_SHARE), _APP_PRINTER)  # beta
    yield Rule("PATCH", pid, _PRINTER_WRITE, _APP_WRITE, administrator=True)
    yield Rule("DELETE", pid, ("Printer.FullControl.All",), administrator=True)
    for action in ("restorefactorydefaults", "resetdefaults"):  # the second is beta's
        yield Rule("POST", f"{pid}/{action}", _PRINTER_WRITE, administrator=True)
    yield Rule("GET", f"{pid}/connectors", _CONNECTOR, administrator=True)
    yield Rule("GET", f"{pid}/shares", _SHARE)
    yield Rule("GET", f"{pid}/shares/{{}}", _SHARE)
    yield Rule("GET", f"{pid}/share", _SHARE)  # beta
    yield Rule("DELETE", f"{pid}/share", ("PrinterShare.ReadWrite.All",), administrator=True)  # beta
    for path in ("tasktriggers", "tasktriggers/{}", "tasktriggers/{}/definition"):
        yield Rule("GET", f"{pid}/{path}", _PRINTER, administrator=True, loose=_APP_PRINTER)
    for method, path in (("POST", "tasktriggers"), ("DELETE", "tasktriggers/{}")):
        yield Rule(method, f"{pid}/{path}", _PRINTER_WRITE, administrator=True, loose=_APP_WRITE)
    yield from _shares()


def _shares() -> Iterator[Rule]:
    sid, write = "print/shares/{}", ("PrinterShare.ReadWrite.All",)
    yield Rule("GET", "print/shares", _SHARE)
    yield Rule("POST", "print/shares", write, administrator=True)
    yield Rule("GET", sid, _SHARE)
    for method in ("PATCH", "DELETE"):
        yield Rule(method, sid, write, administrator=True)
    yield Rule("GET", f"{sid}/printer", _PRINTER, _APP_PRINTER)
    for allowed in ("allowedusers", "allowedgroups"):
        for path in (allowed, f"{allowed}/$ref"):
            yield Rule("GET", f"{sid}/{path}", _SHARE[1:])
        yield Rule("POST", f"{sid}/{allowed}/$ref", write, administrator=True)
        for path in (f"{allowed}/$ref", f"{allowed}/{{}}/$ref"):
            yield Rule("DELETE", f"{sid}/{path}", write, administrator=True)


def _job_rows(under: str, reading: tuple[str, ...], app_reading: tuple[str, ...]) -> Iterator[Rule]:
    def row(
        method: str,
        path: str,
        delegated: tuple[str, ...] = (),
        application: tuple[str, ...] = (),
        loose: tuple[str, ...] = (),
        *,
        ours: bool = False,
    ) -> Rule:
        full = f"print/{under}/{{}}/{path}"
        return Rule(method, full, delegated, application, False, reading, app_reading, loose, ours)

    act = _all_jobs(*_ACT)
    task = "jobs/{}/tasks/{}"
    for path in ("jobs", "jobs/{}", "jobs/{}/tasks", task, f"{task}/definition", f"{task}/trigger"):
        yield row("GET", path, _jobs(*_SEE), _all_jobs(*_SEE), ours="tasks" in path)
    # Create on a share is not in Microsoft's table: its own bundle for submitters has it. Administrators are needed for jobs of
    # other people only, which is the resource's to know.
    yield row("POST", "jobs", _SUBMIT, loose=act)
    yield row("PATCH", "jobs/{}", (), _CHANGE)
    yield row("DELETE", "jobs/{}", _jobs(*_ACT), loose=act, ours=True)
    for action in ("start", "startprintjob"):  # the second is beta's, as below
        yield row("POST", f"jobs/{{}}/{action}", _SUBMIT, loose=act)
    for action in ("cancel", "cancelprintjob"):
        yield row("POST", f"jobs/{{}}/{action}", _jobs(*_ACT), loose=act)
    yield row("POST", "jobs/{}/abort", (), _CHANGE)
    yield row("POST", "jobs/{}/redirect", (), _all_jobs("Manage"))
    for path in ("documents", "documents/{}", "documents/{}/$value"):
        yield row("GET", f"jobs/{{}}/{path}", _jobs(*_PAYLOAD), _all_jobs(*_PAYLOAD))
    for method, path in (("POST", "createuploadsession"), ("POST", "uploaddata"), ("PUT", "$value")):
        yield row(method, f"jobs/{{}}/documents/{{}}/{path}", _UPLOAD, _all_jobs("ReadWrite"), ours=method == "PUT")


def _others() -> Iterator[Rule]:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        yield Rule(method, "print/taskdefinitions/**", (), _DEFINITION)
    for path in ("print/connectors", "print/connectors/{}"):
        yield Rule("GET", path, _CONNECTOR, administrator=True)
    for method in ("PATCH", "DELETE"):
        yield Rule(method, "print/connectors/{}", _CONNECTOR_WRITE, administrator=True)
    for path in ("print/operations", "print/operations/{}"):  # the list is in no table, and in all SDKs
        yield Rule("GET", path, _CREATE, ours=path.endswith("s"))
    for name, path in (("PrintSettings", "print/settings"), ("PrintAlertSettings", "print/alertsettings")):
        yield Rule("GET", path, (f"{name}.Read.All", f"{name}.ReadWrite.All"), administrator=True)
        yield Rule("PATCH", path, (f"{name}.ReadWrite.All",), administrator=True)
    for path in ("", "$metadata"):  # what there is: for everybody who has a token
        yield Rule("GET", path, DELEGATED, APPLICATION, ours=True)
    yield Rule("GET", "print", _ANY_READ)
    yield Rule("PATCH", "print", ("PrintSettings.ReadWrite.All",), administrator=True)
    yield Rule("GET", "print/services/**", _ANY_PRINT)
    for path in ("me/print/recentprintershares", "users/{}/print/recentprintershares"):
        yield Rule("GET", path, _SHARE)
    for path in ("reports/**", "print/reports/**"):
        yield Rule("GET", path, ("Reports.Read.All",))
    yield from _subscriptions()


def _subscriptions() -> Iterator[Rule]:
    either = (*_APP_PRINTER, *_DEFINITION)
    yield Rule("GET", "subscriptions", ("Subscription.Read.All",), either)
    yield Rule("POST", "subscriptions", (), either)
    for method in ("GET", "PATCH", "DELETE"):
        yield Rule(method, "subscriptions/{}", (), either)
    yield Rule("POST", "subscriptions/{}/reauthorize", (), either)


_ROWS = tuple(_rows())
#: What may be heard of, by the resource of a subscription; hearing of all printers at once is ours.
_HEARD = (
    Rule("POST", "subscriptions to print/printers/{}/jobs", (), _APP_PRINTER),
    Rule("POST", "subscriptions to print/printers/{}", (), _APP_PRINTER, ours=True),
    Rule("POST", "subscriptions to print/jobs", (), _APP_PRINTER, ours=True),
    Rule("POST", "subscriptions to print/taskdefinitions/{}/tasks", (), _DEFINITION),
)


def rows() -> tuple[Rule, ...]:
    """The whole matrix."""
    return _ROWS


@lru_cache
def rule(method: str, path: str) -> Rule:
    """The row for a method and a path below the version: `print/printers/{printer}/jobs`, or with ids in the braces' place.

    Fixed segments are compared in small letters; `$count` counts what the path before it lists, `printerShares` are beta's
    `shares`. Raises `LookupError` where there is no row: nobody may what nobody has thought of.
    """
    segments = path.strip("/").split("/")
    if segments[-1] == "$count":
        segments.pop()
    if [each.lower() for each in segments[:2]] == ["print", "printershares"]:
        segments[1] = "shares"
    for each in _ROWS:
        if each.method == method.upper() and _matches(each.path.split("/"), segments):
            return each
    raise LookupError(f"The permission matrix has no row for {method} {path}.")


def hearing(resource: str) -> Rule:
    """The row for subscribing to a resource such as `print/printers/<id>/jobs`. Raises `LookupError` for one nobody can hear of."""
    segments = resource.strip("/").split("/")
    for each in _HEARD:
        if _matches(each.path.removeprefix("subscriptions to ").split("/"), segments):
            return each
    raise LookupError(f"Nobody can subscribe to {resource}.")


def _matches(pattern: list[str], segments: list[str]) -> bool:
    """`{}` is any one segment, `**` any number of them at the end, also none."""
    if pattern[-1] == "**":
        pattern = pattern[:-1]
        segments = segments[: len(pattern)]
    return len(pattern) == len(segments) and all(
        wanted in ("{}", each.lower()) for wanted, each in zip(pattern, segments, strict=True)
    )
