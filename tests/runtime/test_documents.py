"""Documents in a folder: durable, checked, and never outside of it. The same calls against a store in memory's place of a cloud."""

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from libs.runtime.documents import CHUNK, Damaged, Documents, Missing
from libs.runtime.folder import Part

NAME = "main/agentAAA-1/source"
DATA = b"label" * 1000


@pytest.fixture(params=["folder", "store"])
def documents(request, tmp_path) -> Documents:
    made = Documents("", tmp_path)
    if request.param == "store":
        made._folder, made._store = None, MemoryStore()
    return made


async def test_what_is_put_is_got_with_its_length_and_checksum(documents, tmp_path):
    assert await documents.put(NAME, DATA) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert await documents.get(NAME) == DATA


async def test_a_copy_is_as_new_as_its_making_and_stays_when_the_first_is_deleted(documents, tmp_path):
    await documents.put(NAME, DATA)
    if not documents.signs:
        os.utime(tmp_path / "documents" / NAME, (1, 1))
    copy = "main/agentAAA-2/source"
    await documents.copy(NAME, copy)
    assert min([found.at async for found in documents.list("main/agentAAA-2")]) > 1_000_000
    await documents.delete("main/agentAAA-1")
    assert await documents.get(copy) == DATA
    with pytest.raises(Missing):
        await documents.copy(NAME, "main/agentAAA-3/source")
    with pytest.raises(ValueError, match="document's name"):
        await documents.copy(copy, "main/../source")


async def test_a_file_is_stored_and_streamed_in_pieces(documents, tmp_path):
    data = os.urandom(3 * CHUNK + 17)
    path = tmp_path / "big"
    path.write_bytes(data)
    size, sha256 = await documents.put_file(NAME, path)
    assert (size, sha256) == (len(data), hashlib.sha256(data).hexdigest())
    pieces = [piece async for piece in documents.stream(NAME)]
    assert b"".join(pieces) == data
    assert len(pieces) > 1 or documents.signs, "a folder's document is not read whole"


async def test_a_document_is_fetched_into_a_file_and_checked(documents, tmp_path):
    size, sha256 = await documents.put(NAME, DATA)
    target = tmp_path / "fetched"
    await documents.fetch(NAME, size, sha256, target)
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("wrong", [{"size": 1}, {"sha256": "0" * 64}])
async def test_other_bytes_than_those_stored_are_refused_and_leave_no_file(documents, tmp_path, wrong):
    size, sha256 = await documents.put(NAME, DATA)
    target = tmp_path / "fetched"
    with pytest.raises(Damaged):
        await documents.fetch(NAME, **{"size": size, "sha256": sha256, **wrong}, target=target)
    assert not target.exists()


async def test_what_is_not_there_is_missing(documents, tmp_path):
    target = tmp_path / "fetched"
    with pytest.raises(Missing):
        await documents.get(NAME)
    with pytest.raises(Missing):
        await documents.fetch(NAME, 1, "", target)
    with pytest.raises(Missing):
        assert not [piece async for piece in documents.stream(NAME)]
    assert not target.exists()


async def test_a_tasks_documents_are_deleted_and_no_others(documents):
    for name in (NAME, "main/agentAAA-1/printable", "main/agentAAA-11/source", "other/agentAAA-1/source"):
        await documents.put(name, DATA)
    assert await documents.delete("main/agentAAA-1") == 2
    assert sorted([found.name async for found in documents.list()]) == ["main/agentAAA-11/source", "other/agentAAA-1/source"]
    assert await documents.delete("main/agentAAA-1") == 0


async def test_one_object_is_discarded_and_what_is_not_there_is_no_fault(documents):
    for name in ("main/task/source", "main/task/source-2", "main/task/upload/0-9"):
        await documents.put(name, b"x")
    await documents.discard("main/task/source")
    await documents.discard("main/task/source")
    assert {found.name async for found in documents.list()} == {"main/task/source-2", "main/task/upload/0-9"}


async def test_a_listing_tells_name_size_and_time(documents):
    await documents.put(NAME, DATA)
    (found,) = [each async for each in documents.list("main")]
    assert (found.name, found.size) == (NAME, len(DATA))
    assert found.at > 1_700_000_000_000


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "../secret",
        "main/../../secret",
        "/etc/passwd",
        "main//source",
        "main/./source",
        "main/a\x00b",
        "main\\..\\x",
        "main/a\nb",
    ],
)
async def test_a_name_that_leads_elsewhere_is_refused_by_everything(documents, tmp_path, name):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with pytest.raises(ValueError, match="name is <tenant>/<task>/<role>"):
        await documents.put(name, DATA)
    with pytest.raises(ValueError, match="name is"):
        await documents.put_file(name, path)
    with pytest.raises(ValueError, match="name is"):
        await documents.get(name)
    with pytest.raises(ValueError, match="name is"):
        await documents.delete(name)


async def test_a_folders_documents_are_synced_with_every_folder_on_their_way(tmp_path, monkeypatch):
    synced = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(str(Path(f"/proc/self/fd/{number}").readlink())) or sync(number))
    documents = Documents(str(tmp_path / "store"), tmp_path)
    await documents.put(NAME, DATA)
    assert synced == [str(tmp_path / "store" / part) for part in (NAME, "main/agentAAA-1", "main")] + [str(tmp_path / "store")]
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700


async def test_a_folder_does_not_sign_and_a_cloud_does(tmp_path):
    assert not Documents("", tmp_path).signs
    cloud = Documents("s3://bucket", tmp_path)
    assert cloud.signs


async def test_what_is_streamed_is_stored_whole_or_not_at_all(tmp_path):
    documents = Documents("", tmp_path)

    async def pieces(fail=False):
        for number in range(300):
            if fail and number == 200:
                raise ValueError("the sender went away")
            yield bytes([number % 256]) * 50_000

    expected = b"".join([each async for each in pieces()])
    assert await documents.put_stream("main/unim-1/source", pieces()) == (len(expected), hashlib.sha256(expected).hexdigest())
    assert await documents.get("main/unim-1/source") == expected
    assert await documents.size("main/unim-1/source") == len(expected)
    with pytest.raises(ValueError, match="the sender went away"):
        await documents.put_stream("main/unim-2/source", pieces(fail=True))
    with pytest.raises(Missing):
        await documents.size("main/unim-2/source")
    assert [path.name for path in (tmp_path / "documents").rglob("*") if path.is_file()] == ["source"]


async def test_parts_are_joined_and_stay(documents):
    first, second = bytes(range(256)) * 8192, b"0123456789"
    await documents.put("main/task/up/a", first)
    await documents.put("main/task/up/b", second)
    parts = [Part("main/task/up/a", 3, len(first) - 3), Part("main/task/up/b", 5, 4)]
    expected = first[3:] + b"5678"
    assert await documents.join("main/task/source", parts) == (len(expected), hashlib.sha256(expected).hexdigest())
    assert await documents.get("main/task/source") == expected
    with pytest.raises(Missing):
        await documents.join("main/task/other", [parts[0], Part("main/task/up/c", 0, 1)])
    with pytest.raises(ValueError, match="name is"):
        await documents.join("main/task/other", [Part("../up/a", 0, 1)])
    assert sorted([each.name async for each in documents.list("main")]) == ["main/task/source", "main/task/up/a", "main/task/up/b"]


async def test_what_a_killed_writer_left_is_cleared_a_day_later_and_nothing_else(tmp_path):
    documents = Documents("", tmp_path)
    store = tmp_path / "documents"
    await documents.put("main/unim-1/source", b"whole")
    then = time.time() - 100

    async def stops_in_the_middle():
        yield b"x" * (CHUNK * 40)
        (killed,) = store.glob("main/unim-2/*")  # what is there while it is written is what stays when the writer is killed
        shutil.copytree(killed.parent, store / "main/unim-3")
        shutil.copytree(killed.parent, store / "main/unim-4")
        for path in (*store.glob("main/unim-3/*"), store / "main/unim-3", store / "main/unim-1/source", store / "main/unim-1"):
            os.utime(path, (then, then))
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        await documents.put_stream("main/unim-2/source", stops_in_the_middle())
    os.utime(store / "main/unim-2", (then, then))
    assert await documents.clear_unfinished(int((then + 50) * 1000)) == 1
    assert await documents.clear_unfinished(int((then + 50) * 1000)) == 0
    left = {str(path.relative_to(store)).rstrip("0123456789") for path in store.rglob("*") if path.is_file()}
    assert left == {"main/unim-1/source", "main/unim-4/source#"}
    assert not (store / "main/unim-2").exists()
    assert await documents.get("main/unim-1/source") == b"whole"
