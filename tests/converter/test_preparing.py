"""A sealed worker may not see the folder that it was installed in: what it needs is loaded before."""

import subprocess
import sys
from pathlib import Path

import pytest

from libs.contracts.documents import Format
from tests.converter import samples

#: Prepare as the worker does, forbid every import from then on, and look into a document.
ALONE = """
import sys
from services.converter import officecheck
from libs.contracts.documents import Format
officecheck.prepare()

class Nothing:
    def find_spec(self, name, path=None, target=None):
        raise ModuleNotFoundError(f"{name} was asked for after the seal")

sys.meta_path.insert(0, Nothing())
print(officecheck.inspect(sys.stdin.buffer.read(), Format[sys.argv[1]], 10**8))
"""


@pytest.mark.parametrize(("kind", "said"), [("doc", Format.WORD), ("xls", Format.EXCEL), ("ppt", Format.PPT)])
def test_old_office_files_are_looked_into_without_loading_anything_more(kind, said):
    root = Path(__file__).parents[2]
    found = subprocess.run(
        [sys.executable, "-c", ALONE, said.name], input=samples.old(kind), capture_output=True, check=False, cwd=root
    )
    assert (found.returncode, found.stdout.strip()) == (0, kind.encode()), found.stderr.decode()
