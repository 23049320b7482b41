"""The examples of RFC 8010, appendix A: each one's octets as the appendix lists them, and the message that they are.

Where the appendix writes the four octets of job-state as `0x0003`, they stand here as the value-length before them says.
"""

from libs.ipp.attributes import Attributes, Collection
from libs.ipp.message import Group, Request, Response
from libs.ipp.tags import GroupTag
from libs.ipp.values import (
    Charset,
    EnumValue,
    Keyword,
    Name,
    NameWithLanguage,
    NaturalLanguage,
    OutOfBand,
    Text,
    Uri,
)

_LANGUAGES = b"\x47\x00\x12attributes-charset\x00\x05utf-8\x48\x00\x1battributes-natural-language\x00\x05en-us"
_PRINTER = b"\x45\x00\x0bprinter-uri\x00\x2cipp://printer.example.com/ipp/print/pinetree"
_JOB_147 = (
    b"\x21\x00\x06job-id\x00\x04\x00\x00\x00\x93"
    b"\x45\x00\x07job-uri\x00\x30ipp://printer.example.com/ipp/print/pinetree/147"
    b"\x23\x00\x09job-state\x00\x04\x00\x00\x00\x03"
)
_SPOKEN = {"attributes-charset": Charset("utf-8"), "attributes-natural-language": NaturalLanguage("en-us")}
_AT_PRINTER = {**_SPOKEN, "printer-uri": Uri("ipp://printer.example.com/ipp/print/pinetree")}
_JOB = Group(
    GroupTag.JOB,
    Attributes(
        {
            "job-id": 147,
            "job-uri": Uri("ipp://printer.example.com/ipp/print/pinetree/147"),
            "job-state": EnumValue(3),
        }
    ),
)


def _operation(attributes):
    return Group(GroupTag.OPERATION, Attributes(attributes))


DOCUMENT = b"%!PDF..."

REQUESTS = {
    "A.1 Print-Job Request": (
        b"\x01\x01\x00\x02\x00\x00\x00\x01\x01"
        + _LANGUAGES
        + _PRINTER
        + b"\x42\x00\x08job-name\x00\x06foobar"
        + b"\x22\x00\x16ipp-attribute-fidelity\x00\x01\x01"
        + b"\x02"
        + b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x14"
        + b"\x44\x00\x05sides\x00\x13two-sided-long-edge"
        + b"\x03",
        Request(
            2,
            1,
            (
                _operation({**_AT_PRINTER, "job-name": Name("foobar"), "ipp-attribute-fidelity": True}),
                Group(GroupTag.JOB, Attributes({"copies": 20, "sides": Keyword("two-sided-long-edge")})),
            ),
            (1, 1),
        ),
    ),
    "A.5 Print-URI Request": (
        b"\x01\x01\x00\x03\x00\x00\x00\x01\x01"
        + _LANGUAGES
        + _PRINTER
        + b"\x45\x00\x0cdocument-uri\x00\x19ftp://foo.example.com/foo"
        + b"\x42\x00\x08job-name\x00\x06foobar"
        + b"\x02"
        + b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x01"
        + b"\x03",
        Request(
            3,
            1,
            (
                _operation({**_AT_PRINTER, "document-uri": Uri("ftp://foo.example.com/foo"), "job-name": Name("foobar")}),
                Group(GroupTag.JOB, Attributes({"copies": 1})),
            ),
            (1, 1),
        ),
    ),
    "A.6 Create-Job Request": (
        b"\x01\x01\x00\x05\x00\x00\x00\x01\x01" + _LANGUAGES + _PRINTER + b"\x03",
        Request(5, 1, (_operation(_AT_PRINTER),), (1, 1)),
    ),
    "A.7 Create-Job Request with Collection Attributes": (
        b"\x01\x01\x00\x05\x00\x00\x00\x01\x01"
        + _LANGUAGES
        + _PRINTER
        + b"\x02"
        + b"\x34\x00\x09media-col\x00\x00"
        + b"\x4a\x00\x00\x00\x0amedia-size"
        + b"\x34\x00\x00\x00\x00"
        + b"\x4a\x00\x00\x00\x0bx-dimension"
        + b"\x21\x00\x00\x00\x04\x00\x00\x52\x08"
        + b"\x4a\x00\x00\x00\x0by-dimension"
        + b"\x21\x00\x00\x00\x04\x00\x00\x74\x04"
        + b"\x37\x00\x00\x00\x00"
        + b"\x4a\x00\x00\x00\x0amedia-type"
        + b"\x44\x00\x00\x00\x0astationery"
        + b"\x37\x00\x00\x00\x00"
        + b"\x03",
        Request(
            5,
            1,
            (
                _operation(_AT_PRINTER),
                Group(
                    GroupTag.JOB,
                    Attributes(
                        {
                            "media-col": Collection(
                                {
                                    "media-size": Collection({"x-dimension": 21000, "y-dimension": 29700}),
                                    "media-type": Keyword("stationery"),
                                }
                            )
                        }
                    ),
                ),
            ),
            (1, 1),
        ),
    ),
    "A.8 Get-Jobs Request": (
        b"\x01\x01\x00\x0a\x00\x00\x00\x7b\x01"
        + _LANGUAGES
        + _PRINTER
        + b"\x21\x00\x05limit\x00\x04\x00\x00\x00\x32"
        + b"\x44\x00\x14requested-attributes\x00\x06job-id"
        + b"\x44\x00\x00\x00\x08job-name"
        + b"\x44\x00\x00\x00\x0fdocument-format"
        + b"\x03",
        Request(
            10,
            123,
            (
                _operation(
                    {
                        **_AT_PRINTER,
                        "limit": 50,
                        "requested-attributes": [Keyword("job-id"), Keyword("job-name"), Keyword("document-format")],
                    }
                ),
            ),
            (1, 1),
        ),
    ),
}

RESPONSES = {
    "A.2 Print-Job Response (Successful)": (
        b"\x01\x01\x00\x00\x00\x00\x00\x01\x01"
        + _LANGUAGES
        + b"\x41\x00\x0estatus-message\x00\x0dsuccessful-ok"
        + b"\x02"
        + _JOB_147
        + b"\x03",
        Response(0, 1, (_operation({**_SPOKEN, "status-message": Text("successful-ok")}), _JOB), (1, 1)),
    ),
    "A.3 Print-Job Response (Failure)": (
        b"\x01\x01\x04\x0b\x00\x00\x00\x01\x01"
        + _LANGUAGES
        + b"\x41\x00\x0estatus-message\x00\x2fclient-error-attributes-or-values-not-supported"
        + b"\x05"
        + b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x14"
        + b"\x10\x00\x05sides\x00\x00"
        + b"\x03",
        Response(
            0x040B,
            1,
            (
                _operation({**_SPOKEN, "status-message": Text("client-error-attributes-or-values-not-supported")}),
                Group(GroupTag.UNSUPPORTED, Attributes({"copies": 20, "sides": OutOfBand.UNSUPPORTED})),
            ),
            (1, 1),
        ),
    ),
    "A.4 Print-Job Response (Success with Attributes Ignored)": (
        b"\x01\x01\x00\x01\x00\x00\x00\x01\x01"
        + _LANGUAGES
        + b"\x41\x00\x0estatus-message\x00\x2fsuccessful-ok-ignored-or-substituted-attributes"
        + b"\x05"
        + b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x14"
        + b"\x10\x00\x05sides\x00\x00"
        + b"\x02"
        + _JOB_147
        + b"\x03",
        Response(
            1,
            1,
            (
                _operation({**_SPOKEN, "status-message": Text("successful-ok-ignored-or-substituted-attributes")}),
                Group(GroupTag.UNSUPPORTED, Attributes({"copies": 20, "sides": OutOfBand.UNSUPPORTED})),
                _JOB,
            ),
            (1, 1),
        ),
    ),
    "A.9 Get-Jobs Response": (
        b"\x01\x01\x00\x00\x00\x00\x00\x7b\x01"
        + _LANGUAGES
        + b"\x41\x00\x0estatus-message\x00\x0dsuccessful-ok"
        + b"\x02"
        + b"\x21\x00\x06job-id\x00\x04\x00\x00\x00\x93"
        + b"\x36\x00\x08job-name\x00\x0c\x00\x05fr-ca\x00\x03fou"
        + b"\x02"
        + b"\x02"
        + b"\x21\x00\x06job-id\x00\x04\x00\x00\x00\x95"
        + b"\x36\x00\x08job-name\x00\x12\x00\x05de-CH\x00\x09isch guet"
        + b"\x03",
        Response(
            0,
            123,
            (
                _operation({**_SPOKEN, "status-message": Text("successful-ok")}),
                Group(GroupTag.JOB, Attributes({"job-id": 147, "job-name": NameWithLanguage("fou", "fr-ca")})),
                Group(GroupTag.JOB, Attributes()),
                Group(GroupTag.JOB, Attributes({"job-id": 149, "job-name": NameWithLanguage("isch guet", "de-CH")})),
            ),
            (1, 1),
        ),
    ),
}
