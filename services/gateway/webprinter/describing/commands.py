"""What this door takes and gives, described for the published OpenAPI document; nothing is read with these models."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from libs.contracts.devices import DeviceType
from libs.contracts.documents import Format
from libs.contracts.states import Status


class Described(BaseModel):
    """Keys are as the protocol writes them."""

    model_config = ConfigDict(alias_generator=to_camel)


class Paper(Described):
    """A sheet in mm."""

    width: float = Field(description="Width in mm.", examples=[210])
    height: float = Field(description="Height in mm.", examples=[297])


#: What may stand in a header, footer or watermark.
MARKS = (
    "Printed on every side beside what rules of the device and the client say. Variables: {page}, {pages}, {date}, {time}, {name}, "
    "{device}, {client}, {taskId}; {{ is a brace."
)


class OneMark(Described):
    """A text or an image that is printed on every side."""

    text: str | None = Field(None, max_length=500)
    image: str | None = Field(None, description="PNG or JPEG in base64, instead of a text.")
    align: Literal["LEFT", "CENTER", "RIGHT"] | None = None
    size: float | None = Field(None, ge=0, le=500, description="Points; 0: an image's own, a watermark's as large as suits.")
    color: str | None = Field(None, examples=["#808080"])
    opacity: float | None = Field(None, ge=0, le=100, description="From 0 to 1, or percent.")
    angle: float | None = Field(None, ge=-360, le=360, description="Degrees, counter-clockwise (watermarks).")
    layer: Literal["OVER", "UNDER"] | None = Field(None, description="Above the page's content or below it.")


class ThreeMarks(Described):
    """A header or footer in three places."""

    left: str | OneMark | None = None
    center: str | OneMark | None = None
    right: str | OneMark | None = None


class Config(Described):
    """How to print; null and missing mean the printer's own setting. Numbers may come as text."""

    pages_per_sheet: int | None = Field(1, ge=1, le=100, description="Pages of the document on one side of a sheet.")
    copies: int | None = Field(1, ge=1, le=9999)
    margin_top: float | None = Field(None, ge=0, description="mm")
    margin_right: float | None = Field(None, ge=0, description="mm")
    margin_bottom: float | None = Field(None, ge=0, description="mm")
    margin_left: float | None = Field(None, ge=0, description="mm")
    orientation: Literal["PORTRAIT", "LANDSCAPE", "REVERSE_PORTRAIT", "REVERSE_LANDSCAPE"] | None = None
    color: Literal["COLOR", "MONOCHROME"] | None = None
    side: Literal["ONESIDE", "DUPLEX", "TUMBLE"] | None = None
    collate: Literal["COLLATE", "UNCOLLATE"] | None = None
    quality: Literal["DRAFT", "NORMAL", "HIGH"] | None = None
    page_ranges: str | None = Field(None, examples=["1-3,5,9"], description="Pages of the document; missing: all.")
    paper_config: Paper | None = None
    scale: str | float | None = Field(
        None, description="NOSCALE, AUTO, FIT, FILL, or a percentage of a page's own size.", examples=["FIT", "80%"]
    )
    rotate: Literal[0, 90, 180, 270] | None = Field(None, description="Degrees, clockwise.")
    offset_x: float | None = Field(None, description="mm to the right.")
    offset_y: float | None = Field(None, description="mm down.")
    odd_even: Literal["ALL", "ODD", "EVEN"] | None = Field(None, description="Which of the printed sides.")
    reverse: bool | None = Field(None, description="The last sheet first.")
    repeats: int | None = Field(None, ge=1, le=1000, description="All of it so often, as if it had been sent as many times.")
    tray: str | None = Field(None, description="As the printer names it.")
    media_type: str | None = Field(None, description="As the printer names it, such as labels.")
    dpi: int | None = Field(None, ge=1, le=9600, description="Resolution, one that getDeviceDetail shows in the extended view.")
    cut: Literal["NONE", "PARTIAL", "FULL"] | None = Field(None, description="Receipt printers.")
    drawer: bool | None = Field(None, description="Receipt printers: open the cash drawer.")
    dither: Literal["DIFFUSION", "THRESHOLD"] | None = Field(None, description="Receipt printers: how grey is printed.")
    header: str | OneMark | ThreeMarks | None = Field(None, description=MARKS)
    footer: str | OneMark | ThreeMarks | None = Field(None, examples=["{page}/{pages}"])
    watermark: str | OneMark | None = None


class Task(Described):
    """One task to print."""

    name: str | None = Field(None, max_length=255)
    device_name: str | None = Field(None, description="As listDevices shows it; missing: the default printer.")
    device_type: Literal["printer"] | None = None
    control_sn: str | None = Field(None, description="SN of the client that has the device; missing: your own.")
    media_source: Literal["STRING", "BASE64", "URL"] | None = Field(None, description="Missing: told from the content.")
    media_format: Format | None = Field(None, description="Missing: told from the content.")
    content: str = Field(description="The text, the base64 or the address of the document.")
    javascript: bool | None = True
    print_background: bool | None = True
    headers: dict[str, str] | None = Field(None, description="Headers to send when the address is fetched.")
    config: Config | None = None
    priority: int | None = Field(50, ge=1, le=100, description="Extension: higher ones are printed first.")
    expire_after: float | None = Field(None, description="Extension: seconds after which it is not begun any more.")
    start_at: int | str | None = Field(
        None, description="Extension: not to be printed before it; ms or seconds since 1970, or ISO 8601 with a zone."
    )


class OfType(Described):
    """The type of devices that is meant."""

    device_type: DeviceType | None = None
    extended: bool | None = Field(None, description="Extension: answer with everything that is known.")


class OneDevice(OfType):
    """One device."""

    device_name: str
    control_sn: str | None = None


class Keyed(Described):
    """What may be sent again."""

    idempotency_key: str | None = Field(
        None,
        max_length=255,
        description="Extension: a submission under the same key is printed once and answered alike; another one is refused. Also "
        "as the header Idempotency-Key, and in each task.",
    )


class NewTask(Keyed):
    """One task."""

    task: Task


class NewTasks(Keyed):
    """Many tasks, printed in their order on each printer."""

    tasks: list[Task]


class Filter(Described):
    """Which tasks to list. Times are ms since 1970 (below 10^11: seconds), both ends inclusive."""

    status_list: list[Status] | None = None
    start_time: int | None = None
    end_time: int | None = None
    limit: int | None = Field(100, ge=1, description="At most 1000.")
    extended: bool | None = Field(None, description="Extension: answer with everything that is known.")


class ListDevices(Described):
    """Devices of the serving client."""

    command: Literal["listDevices"]
    data: OfType | None = None


class GetDeviceDetail(Described):
    """One device and what it can do."""

    command: Literal["getDeviceDetail"]
    data: OneDevice


class GetDefaultDevice(Described):
    """The default device of a type."""

    command: Literal["getDefaultDevice"]
    data: OfType | None = None


class SetDefaultDevice(Described):
    """Make a device the default of its type."""

    command: Literal["setDefaultDevice"]
    data: OneDevice


class NewPrintTask(Described):
    """Print one document; the answer comes when the task is durable."""

    command: Literal["newPrintTask"]
    data: NewTask


class NewPrintTaskBatch(Described):
    """Print many documents; the answer has one element for each, in their order, when all that are good are durable."""

    command: Literal["newPrintTaskBatch"]
    data: NewTasks


class ListTasks(Described):
    """The client's tasks, newest first."""

    command: Literal["listTasks"]
    data: Filter | None = None


class Share(OneDevice):
    """Whom a device is shared with."""

    sharing: bool = Field(description="false: with nobody any more.")
    users: list[str] | None = Field(None, max_length=200, description="SNs of clients; missing: all clients but applications.")


class MarkText(Described):
    """A text or an image on every page. Variables: {page} {pages} {date} {time} {name} {device} {client} {taskId}."""

    text: str | None = Field(None, max_length=500)
    image: str | None = Field(None, description="A PNG or JPEG in base64.")
    size: float | None = Field(None, ge=0, le=500, description="Points.")
    color: str | None = Field(None, examples=["#808080"])
    opacity: float | None = Field(None, ge=0, le=100)
    angle: float | None = Field(None, ge=-360, le=360)
    layer: Literal["OVER", "UNDER"] | None = None


class MarkLine(Described):
    """Up to three marks in one line."""

    left: str | MarkText | None = None
    center: str | MarkText | None = None
    right: str | MarkText | None = None


class Subject(Described):
    """A device of one's own; missing: all that this client prints."""

    device_name: str | None = None


class Rules(Subject):
    """What is printed by rule on every page; what is missing is none."""

    header: str | MarkText | MarkLine | None = None
    footer: str | MarkText | MarkLine | None = None
    watermark: str | MarkText | None = None


class ShareDevice(Described):
    """Let other clients of the tenant use a device of one's own, or end that (extension)."""

    command: Literal["shareDevice"]
    data: Share


class SetRules(Described):
    """Print headers, footers and watermarks by rule (extension)."""

    command: Literal["setRules"]
    data: Rules | None = None


class GetRules(Described):
    """The rules of a device of one's own, or of the client (extension)."""

    command: Literal["getRules"]
    data: Subject | None = None


class Type(Described):
    """A device's type."""

    type: DeviceType


class DeviceInfo(Described):
    """A device."""

    type: Type
    name: str
    local: bool
    control_sn: str = Field(description="SN of the client that has it.")
    connect_sn: str = Field(description="SN of the client that uses it.")
    status: Literal[0, 1] = Field(description="1: online.")
    sharing: bool
    default_device: bool
    shareable: bool
    deletable: bool


class Capability(Described):
    """What a printer can do; a default that nobody knows is left out."""

    supported_colors: list[str]
    default_color: str | None = None
    supports_copies: bool
    upper_copies: int
    lower_copies: int
    supported_orientations: list[str]
    default_orientation: str | None = None
    supported_collates: list[str]
    default_collate: str | None = None
    supported_qualities: list[str]


class Detail(Described):
    """A device and what it can do."""

    base_info: DeviceInfo
    capability: Capability


class Accepted(Described):
    """A task that was accepted."""

    task_id: str = Field(examples=["jueKiUEE-79h86ap05on4"])


class Submitted(Described):
    """A task of a batch: accepted, with its id, or not, and why."""

    task_name: str
    success: bool
    task_id: str | None = None
    message: str | None = None


class Row(Described):
    """A task in a list."""

    task_id: str
    task_type: int
    task_name: str
    status: Status
    device_name: str
    device_type: DeviceType
    device_alias: str
    from_os_name: str
    from_: str = Field(alias="from", examples=["CLIENT_OPENAPI"])
    create_time: str = Field(examples=["2022-03-23"])


class Envelope(Described):
    """Every answer. `message` is there when `success` is false, `data` when there is something to return."""

    success: bool
    message: str | None = None
    data: (
        list[DeviceInfo]
        | list[Row]
        | list[Submitted]
        | Detail
        | DeviceInfo
        | Accepted
        | list[dict[str, Any]]
        | dict[str, Any]
        | None
    ) = None
    command: Literal["CALLBACK"]


REQUESTS: tuple[type[BaseModel], ...] = (
    ListDevices,
    GetDeviceDetail,
    GetDefaultDevice,
    SetDefaultDevice,
    NewPrintTask,
    NewPrintTaskBatch,
    ListTasks,
    ShareDevice,
    SetRules,
    GetRules,
)
