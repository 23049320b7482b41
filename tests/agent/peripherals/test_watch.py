from libs.contracts.devices import DeviceType
from libs.contracts.ids import device_id
from services.agent.peripherals import watch
from services.agent.peripherals.watch import Peripherals, devices
from tests.agent.orders import SN, desk
from tests.waiting import until


def names(at, kind: DeviceType) -> list[str]:
    return [each.name for each in at.shop.devices if each.type is kind]


def test_two_of_a_kind_are_told_apart():
    made = devices(SN, ["Epson V39", "Epson V39"], ["Cam"])
    assert [(each.name, each.type) for each in made] == [
        ("Epson V39", DeviceType.SCANNER),
        ("Epson V39 2", DeviceType.SCANNER),
        ("Cam", DeviceType.CAMERA),
    ]
    assert all(each.id == device_id(SN, each.name) and not each.capabilities.formats for each in made)


async def test_scanners_and_cameras_are_listed_with_the_printers_as_they_come_and_go(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "CAMERAS_EVERY", 0.02)
    monkeypatch.setattr(watch, "SCANNERS_EVERY", 0.02)
    scanning, filming = ["Paper"], []

    async def find_scanners():
        return list(scanning)

    async def find_cameras():
        return list(filming)

    peripherals = Peripherals(SN, find_scanners, find_cameras)
    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper", peripherals=peripherals) as at:
        await until(lambda: names(at, DeviceType.SCANNER) == ["Paper (scanner)"])  # a printer has that name
        assert names(at, DeviceType.PRINTER) == ["Paper"]
        filming.append("Cam")
        await until(lambda: names(at, DeviceType.CAMERA) == ["Cam"])
        scanning.clear()
        await until(lambda: not names(at, DeviceType.SCANNER))


async def test_a_system_that_cannot_be_asked_has_none(tmp_path):
    async def broken():
        raise PermissionError(13, "Permission denied")

    async with desk(tmp_path, f"file://{tmp_path}/paper?name=Paper", peripherals=Peripherals(SN, broken, broken)) as at:
        await at.device("Paper")
        assert len(at.shop.devices) == 1
