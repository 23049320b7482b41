"""The permission matrix a second time, read from graph-print.md by itself: what the tests compare the door's rows with.

A row is `methods | path | delegated | application | notes`. `[.All]` stands for the permission without and with `.All`. Notes:
`PA`, the user must be Printer Administrator (in 1.5 it is said of other people's jobs, which is no row's matter); `printer` or
`share`, the right to read that one is needed beside (1.5).
"""

from dataclasses import dataclass


def words(text: str) -> list[str]:
    return text.split()


COMPLETE_DELEGATED = words("""
Printer.Create Printer.Read.All Printer.ReadWrite.All Printer.FullControl.All
PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All
PrintJob.Create PrintJob.ReadBasic PrintJob.Read PrintJob.ReadWriteBasic PrintJob.ReadWrite
PrintJob.ReadBasic.All PrintJob.Read.All PrintJob.ReadWriteBasic.All PrintJob.ReadWrite.All
PrintConnector.Read.All PrintConnector.ReadWrite.All PrintSettings.Read.All PrintSettings.ReadWrite.All
PrintAlertSettings.Read.All PrintAlertSettings.ReadWrite.All Reports.Read.All Subscription.Read.All
""")

COMPLETE_APPLICATION = words("""
Printer.Read.All Printer.ReadWrite.All
PrintJob.ReadBasic.All PrintJob.Read.All PrintJob.ReadWriteBasic.All PrintJob.ReadWrite.All PrintJob.Manage.All
PrintTaskDefinition.ReadWrite.All
""")

#: 6.4 rule 6 goes further than the rows in one place: Manage.All reads metadata.
ALSO = {"PrintJob.ReadBasic.All": "PrintJob.Manage.All"}

TABLE = """
GET | print/printers | Printer.Read.All Printer.ReadWrite.All Printer.FullControl.All | - | PA
POST | print/printers/create | Printer.Create Printer.ReadWrite.All Printer.FullControl.All | - | PA
GET | print/printers/{id} | Printer.Read.All Printer.ReadWrite.All Printer.FullControl.All PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All | Printer.Read.All Printer.ReadWrite.All
PATCH | print/printers/{id} | Printer.ReadWrite.All Printer.FullControl.All | Printer.ReadWrite.All | PA
DELETE | print/printers/{id} | Printer.FullControl.All | - | PA
POST | print/printers/{id}/restoreFactoryDefaults | Printer.ReadWrite.All Printer.FullControl.All | - | PA
GET | print/printers/{id}/connectors | PrintConnector.Read.All PrintConnector.ReadWrite.All | - | PA
GET | print/printers/{id}/shares | PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All | -
GET | print/printers/{id}/shares/{id} | PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All | -
GET | print/printers/{id}/taskTriggers | Printer.Read.All Printer.ReadWrite.All Printer.FullControl.All | - | PA
GET | print/printers/{id}/taskTriggers/{id} | Printer.Read.All Printer.ReadWrite.All Printer.FullControl.All | - | PA
POST | print/printers/{id}/taskTriggers | Printer.ReadWrite.All Printer.FullControl.All | - | PA
DELETE | print/printers/{id}/taskTriggers/{id} | Printer.ReadWrite.All Printer.FullControl.All | - | PA
GET | print/printers/{id}/jobs | PrintJob.ReadBasic[.All] PrintJob.ReadWriteBasic[.All] PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.ReadBasic.All PrintJob.ReadWriteBasic.All PrintJob.Read.All PrintJob.ReadWrite.All | printer
GET | print/printers/{id}/jobs/{id} | PrintJob.ReadBasic[.All] PrintJob.ReadWriteBasic[.All] PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.ReadBasic.All PrintJob.ReadWriteBasic.All PrintJob.Read.All PrintJob.ReadWrite.All | printer
GET | print/shares/{id}/jobs | PrintJob.ReadBasic[.All] PrintJob.ReadWriteBasic[.All] PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.ReadBasic.All PrintJob.ReadWriteBasic.All PrintJob.Read.All PrintJob.ReadWrite.All | share
GET | print/shares/{id}/jobs/{id} | PrintJob.ReadBasic[.All] PrintJob.ReadWriteBasic[.All] PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.ReadBasic.All PrintJob.ReadWriteBasic.All PrintJob.Read.All PrintJob.ReadWrite.All | share
POST | print/printers/{id}/jobs | PrintJob.Create PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | printer
POST | print/shares/{id}/jobs | PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | share
PATCH | print/printers/{id}/jobs/{id} | - | PrintJob.ReadWriteBasic.All PrintJob.ReadWrite.All PrintJob.Manage.All | printer
POST | print/printers/{id}/jobs/{id}/start | PrintJob.Create PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | printer
POST | print/shares/{id}/jobs/{id}/start | PrintJob.Create PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | share
POST | print/printers/{id}/jobs/{id}/cancel | PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | printer
POST | print/shares/{id}/jobs/{id}/cancel | PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | share
POST | print/printers/{id}/jobs/{id}/abort | - | PrintJob.ReadWriteBasic.All PrintJob.ReadWrite.All PrintJob.Manage.All | printer
POST | print/shares/{id}/jobs/{id}/abort | - | PrintJob.ReadWriteBasic.All PrintJob.ReadWrite.All PrintJob.Manage.All | share
POST | print/printers/{id}/jobs/{id}/redirect | - | PrintJob.Manage.All | printer
POST | print/shares/{id}/jobs/{id}/redirect | - | PrintJob.Manage.All | share
GET | print/printers/{id}/jobs/{id}/documents/{id} | PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.Read.All PrintJob.ReadWrite.All | printer
GET | print/printers/{id}/jobs/{id}/documents/{id}/$value | PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.Read.All PrintJob.ReadWrite.All | printer
GET | print/shares/{id}/jobs/{id}/documents/{id}/$value | PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.Read.All PrintJob.ReadWrite.All | share
POST | print/printers/{id}/jobs/{id}/documents/{id}/createUploadSession | PrintJob.Create PrintJob.ReadWrite[.All] | PrintJob.ReadWrite.All | printer
POST | print/shares/{id}/jobs/{id}/documents/{id}/createUploadSession | PrintJob.Create PrintJob.ReadWrite[.All] | PrintJob.ReadWrite.All | share
GET | print/shares | PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All | -
POST | print/shares | PrinterShare.ReadWrite.All | - | PA
GET | print/shares/{id} | PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All | -
PATCH DELETE | print/shares/{id} | PrinterShare.ReadWrite.All | - | PA
GET | print/shares/{id}/allowedUsers | PrinterShare.Read.All PrinterShare.ReadWrite.All | -
GET | print/shares/{id}/allowedGroups | PrinterShare.Read.All PrinterShare.ReadWrite.All | -
POST | print/shares/{id}/allowedUsers/$ref | PrinterShare.ReadWrite.All | - | PA
POST | print/shares/{id}/allowedGroups/$ref | PrinterShare.ReadWrite.All | - | PA
DELETE | print/shares/{id}/allowedUsers/{id}/$ref | PrinterShare.ReadWrite.All | - | PA
DELETE | print/shares/{id}/allowedGroups/{id}/$ref | PrinterShare.ReadWrite.All | - | PA
GET | print/shares/{id}/printer | Printer.Read.All Printer.ReadWrite.All Printer.FullControl.All | Printer.Read.All Printer.ReadWrite.All
GET POST | print/taskDefinitions | - | PrintTaskDefinition.ReadWrite.All
GET PATCH DELETE | print/taskDefinitions/{id} | - | PrintTaskDefinition.ReadWrite.All
GET | print/taskDefinitions/{id}/tasks | - | PrintTaskDefinition.ReadWrite.All
GET PATCH | print/taskDefinitions/{id}/tasks/{id} | - | PrintTaskDefinition.ReadWrite.All
GET | print/connectors | PrintConnector.Read.All PrintConnector.ReadWrite.All | - | PA
GET | print/connectors/{id} | PrintConnector.Read.All PrintConnector.ReadWrite.All | - | PA
PATCH DELETE | print/connectors/{id} | PrintConnector.ReadWrite.All | - | PA
GET | print/operations/{id} | Printer.Create Printer.ReadWrite.All Printer.FullControl.All | -
GET | print/settings | PrintSettings.Read.All PrintSettings.ReadWrite.All | - | PA
PATCH | print/settings | PrintSettings.ReadWrite.All | - | PA
PATCH | print | PrintSettings.ReadWrite.All | - | PA
GET | print/alertSettings | PrintAlertSettings.Read.All PrintAlertSettings.ReadWrite.All | - | PA
PATCH | print/alertSettings | PrintAlertSettings.ReadWrite.All | - | PA
GET | print/services | Print* | -
GET | print/services/{id} | Print* | -
GET | print/services/{id}/endpoints | Print* | -
GET | print/services/{id}/endpoints/{id} | Print* | -
GET | me/print/recentPrinterShares | PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All | -
GET | users/{id}/print/recentPrinterShares | PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All | -
GET | reports/dailyPrintUsageByPrinter | Reports.Read.All | -
GET | reports/monthlyPrintUsageByUser/{id} | Reports.Read.All | -
GET | reports/getPrinterArchivedPrintJobs(printerId='{id}') | Reports.Read.All | -
GET | print/reports/dailyPrintUsageByUser | Reports.Read.All | -
PATCH | print/shares/{id}/jobs/{id} | - | PrintJob.ReadWriteBasic.All PrintJob.ReadWrite.All PrintJob.Manage.All | share
GET | print/printers/{id}/jobs/{id}/documents | PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.Read.All PrintJob.ReadWrite.All | printer
GET | print/shares/{id}/jobs/{id}/documents | PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.Read.All PrintJob.ReadWrite.All | share
GET | print/shares/{id}/jobs/{id}/documents/{id} | PrintJob.Read[.All] PrintJob.ReadWrite[.All] | PrintJob.Read.All PrintJob.ReadWrite.All | share
GET | print/printers/{id}/taskTriggers/{id}/definition | Printer.Read.All Printer.ReadWrite.All Printer.FullControl.All | - | PA
GET | print/shares/{id}/allowedUsers/$ref | PrinterShare.Read.All PrinterShare.ReadWrite.All | -
GET | print/shares/{id}/allowedGroups/$ref | PrinterShare.Read.All PrinterShare.ReadWrite.All | -
DELETE | print/shares/{id}/allowedUsers/$ref | PrinterShare.ReadWrite.All | - | PA
DELETE | print/shares/{id}/allowedGroups/$ref | PrinterShare.ReadWrite.All | - | PA
GET | print | PrintReading | -
GET | print/printers/{id}/share | PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All | -
DELETE | print/printers/{id}/share | PrinterShare.ReadWrite.All | - | PA
GET | print/printers/{id}/getCapabilities | Printer.Read.All Printer.ReadWrite.All Printer.FullControl.All PrinterShare.ReadBasic.All PrinterShare.Read.All PrinterShare.ReadWrite.All | Printer.Read.All Printer.ReadWrite.All
POST | print/printers/{id}/resetDefaults | Printer.ReadWrite.All Printer.FullControl.All | - | PA
POST | print/printers/{id}/jobs/{id}/startPrintJob | PrintJob.Create PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | printer
POST | print/shares/{id}/jobs/{id}/startPrintJob | PrintJob.Create PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | share
POST | print/printers/{id}/jobs/{id}/cancelPrintJob | PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | printer
POST | print/shares/{id}/jobs/{id}/cancelPrintJob | PrintJob.ReadWriteBasic[.All] PrintJob.ReadWrite[.All] | - | share
POST | print/printers/{id}/jobs/{id}/documents/{id}/uploadData | PrintJob.Create PrintJob.ReadWrite[.All] | PrintJob.ReadWrite.All | printer
POST | print/shares/{id}/jobs/{id}/documents/{id}/uploadData | PrintJob.Create PrintJob.ReadWrite[.All] | PrintJob.ReadWrite.All | share
GET | subscriptions | Subscription.Read.All | Printer.Read.All Printer.ReadWrite.All PrintTaskDefinition.ReadWrite.All
POST | subscriptions | - | Printer.Read.All Printer.ReadWrite.All PrintTaskDefinition.ReadWrite.All
GET PATCH DELETE | subscriptions/{id} | - | Printer.Read.All Printer.ReadWrite.All PrintTaskDefinition.ReadWrite.All
POST | subscriptions/{id}/reauthorize | - | Printer.Read.All Printer.ReadWrite.All PrintTaskDefinition.ReadWrite.All
HEAR | print/printers/{id}/jobs | - | Printer.Read.All Printer.ReadWrite.All
HEAR | print/taskDefinitions/{id}/tasks | - | PrintTaskDefinition.ReadWrite.All
"""  # noqa: E501 - a table is read in rows

#: What the reference recommends beyond Microsoft's table (1.3, 1.5): method, path, column, permissions.
EXTENSIONS = {
    ("GET", "print/printers"): ("application", "Printer.Read.All Printer.ReadWrite.All"),
    ("POST", "print/shares/{id}/jobs"): ("delegated", "PrintJob.Create"),
}

READ_PRINTER_DELEGATED = "Printer.Read.All"
READ_SHARE_DELEGATED = "PrinterShare.ReadBasic.All"


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    delegated: frozenset[str]
    application: frozenset[str]
    notes: frozenset[str]

    @property
    def beside(self) -> dict[str, str]:
        """Kind of token -> what it needs beside; an application has no permission to read shares."""
        if "printer" in self.notes:
            return {"delegated": READ_PRINTER_DELEGATED, "application": "Printer.Read.All"}
        return {"delegated": READ_SHARE_DELEGATED} if "share" in self.notes else {}


def column(text: str) -> frozenset[str]:
    found: list[str] = []
    for word in text.split():
        if word.endswith("[.All]"):
            found += [word.removesuffix("[.All]"), word.replace("[.All]", ".All")]
        elif word.startswith("Print") and "." not in word:  # all of a kind
            creating = ("Printer.Create", "PrintJob.Create") if word == "PrintReading" else ()
            found += [each for each in COMPLETE_DELEGATED if each.startswith("Print") and each not in creating]
        elif word != "-":
            found.append(word)
    return frozenset(found)


def rows() -> list[Row]:
    found = []
    for line in TABLE.strip().splitlines():
        methods, path, delegated, application, *notes = (part.strip() for part in line.split("|"))
        for method in methods.split():
            kind, more = EXTENSIONS.get((method, path), ("", ""))
            user = column(f"{delegated} {more}" if kind == "delegated" else delegated)
            app = column(f"{application} {more}" if kind == "application" else application)
            app |= {stronger for listed, stronger in ALSO.items() if listed in app}
            found.append(Row(method, path, user, app, frozenset(" ".join(notes).split())))
    return found
