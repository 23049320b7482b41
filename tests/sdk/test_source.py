"""webprinter.js as a text: ES5, no eval, and every way to load it."""

import asyncio
import json
import re
from pathlib import Path

import playwright
import pytest
from calmjs.parse import es5

from services.gateway.webprinter.commands import COMMANDS
from tests.sdk.scripted import SDK

SCRIPTS = ["webprinter.js", "webprinter-classic.js", "webprinter-page.js"]
NODE = Path(playwright.__file__).parent / "driver" / "node"


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_source_is_es5(name):
    assert list(es5((SDK / name).read_text()))


def test_the_types_name_every_command_of_the_server():
    types = (SDK / "webprinter.d.ts").read_text()
    (commands,) = re.findall(r"^  interface Commands \{\n(.*?)^  \}", types, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^    (\w+): \{", commands, re.MULTILINE)) == {*COMMANDS, "pair"}


def test_the_types_and_the_readme_name_every_option():
    source = (SDK / "webprinter.js").read_text()
    options = set(re.findall(r"given\.(\w+)", source[source.rindex("function Webprinter(") :]))
    types = (SDK / "webprinter.d.ts").read_text()
    (declared,) = re.findall(r"^  interface Options \{\n(.*?)^  \}", types, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^    (\w+)\?:", declared, re.MULTILINE)) == options
    readme = (SDK / "README.md").read_text()
    assert [option for option in options if f"`{option}`" not in readme] == []


def test_the_older_sdk_passes_on_what_a_task_and_its_config_may_hold_today():
    source = (SDK / "webprinter-classic.js").read_text()
    types = (SDK / "webprinter.d.ts").read_text()

    def keys(name):
        (listed,) = re.findall(rf"var {name} = words\((.*?)\);", source, re.DOTALL)
        return {word for text in re.findall(r'"([^"]*)"', listed) for word in text.split()}

    def declared(interface):
        ((parent, members),) = re.findall(
            rf"^  interface {interface}( extends Marks)? \{{\n(.*?)^  \}}", types, re.MULTILINE | re.DOTALL
        )
        return set(re.findall(r"^    (\w+)\??:", members, re.MULTILINE)) | (declared("Marks") if parent else set())

    assert declared("Task") - keys("TASK_KEYS") == {"content", "config", "deviceName", "deviceType"}
    assert keys("TASK_KEYS") <= declared("Task")
    assert declared("Config") <= keys("CONFIG_KEYS") <= declared("Config") | declared("Task")


@pytest.mark.parametrize("newer", ["let a = 1", "var f = () => 1", "var a = `b`", "f(a,)"])
def test_what_is_newer_would_be_noticed(newer):
    with pytest.raises(Exception, match=r"Unexpected|Illegal"):
        es5(newer)


@pytest.mark.parametrize("forbidden", ["eval(", "new Function", "document.write", "innerHTML", "javascript:", "jsonp"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_nothing_that_a_strict_policy_forbids_is_in_it(name, forbidden):
    assert forbidden not in (SDK / name).read_text()


async def test_the_older_sdk_is_a_module_of_node_beside_it():
    program = """
        require(process.argv[1]);
        const classic = require(process.argv[2]);
        console.log(JSON.stringify([typeof classic.getInstance, classic === Strato.WebPrinter, typeof webprinter.easy]));
    """
    files = (str(SDK / "webprinter.js"), str(SDK / "webprinter-classic.js"))
    node = await asyncio.create_subprocess_exec(
        str(NODE), "-e", program, *files, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complaint = await node.communicate()
    assert node.returncode == 0, complaint.decode()
    assert json.loads(said) == ["function", True, "function"]


async def test_it_is_a_module_of_node_and_of_amd():
    program = """
        const source = require("fs").readFileSync(process.argv[1], "utf8");
        const Module = require(process.argv[1]);
        let defined;
        const amd = (names, make) => { defined = make(); };
        amd.amd = {};
        new (require("vm").Script)(source).runInNewContext({define: amd, setTimeout, clearTimeout});
        const wp = new Module();
        console.log(JSON.stringify([typeof Module, typeof defined, Object.keys(wp)]));
    """
    node = await asyncio.create_subprocess_exec(
        str(NODE), "-e", program, str(SDK / "webprinter.js"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complaint = await node.communicate()
    assert node.returncode == 0, complaint.decode()
    assert json.loads(said) == ["function", "function", ["send", "subscribe"]]
