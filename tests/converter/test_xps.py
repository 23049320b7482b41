"""XPS to PDF: what a conversion leaves where it does not come to its end."""

import pytest

from services.converter import xps
from services.converter.sandbox import Sandbox
from tests.converter.conftest import settings


async def test_a_document_whose_program_is_not_even_started_leaves_nothing_behind(tmp_path, monkeypatch):
    async def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    source = tmp_path / "source"
    source.write_bytes(b"a document")
    root = tmp_path / "engines"
    monkeypatch.setattr(xps.asyncio, "create_subprocess_exec", full)
    with pytest.raises(OSError, match="No space"):
        await xps.convert(settings(tmp_path, xpstopdf="/bin/true"), Sandbox(root), source, tmp_path / "result")
    assert not any(root.glob("*"))
