"""Log lines: one per event, whatever is in it."""

import io
import json
import logging

import pytest
import structlog

from libs.runtime import logs
from libs.runtime.traces import Tracing


@pytest.fixture
def written():
    """What is logged while the test runs; afterwards logging is as it was."""
    before = logging.getLogger().handlers[:], logging.getLogger().level
    yield io.StringIO()
    structlog.reset_defaults()
    logging.basicConfig(handlers=before[0], level=before[1], force=True)


HOSTILE = 'a\nlevel=error forged\r\x1b[31mred\x00\u2028\u2029\x9b "quoted"'


def test_json_is_one_object_per_line(written):
    logs.configure("json", "info", written)
    structlog.get_logger().info("document converted", name=HOSTILE, pages=3)
    logging.getLogger("somebody.else").warning("foreign %s", HOSTILE)
    ours, foreign = (json.loads(line) for line in written.getvalue().splitlines())
    assert (ours["event"], ours["pages"], ours["level"]) == ("document converted", 3, "info")
    assert foreign["event"].startswith("foreign a\\nlevel=error forged")
    assert ours["timestamp"].endswith("Z")


def test_the_console_is_one_line_per_event_and_cannot_be_spoken_to(written):
    logs.configure("console", "info", written)
    structlog.get_logger().info("document converted", name=HOSTILE)
    structlog.get_logger().warning(HOSTILE)
    logging.getLogger("somebody.else").warning("foreign %s", HOSTILE)
    text = written.getvalue()
    assert len(text.splitlines()) == 3
    assert not set(text) & set("\x1b\x00\r\u2028\u2029\x9b")


def test_what_is_less_important_than_the_level_is_not_written(written):
    logs.configure("json", "warning", written)
    structlog.get_logger().info("too little")
    logging.getLogger("httpx").info("GET https://example.org/?token=secret")
    structlog.get_logger().warning("enough")
    assert [json.loads(line)["event"] for line in written.getvalue().splitlines()] == ["enough"]


def test_libraries_are_heard_from_warnings_on_even_when_we_debug(written):
    logs.configure("json", "debug", written)
    logging.getLogger("httpx").info("GET https://example.org/?token=secret")
    structlog.get_logger().debug("ours")
    assert [json.loads(line)["event"] for line in written.getvalue().splitlines()] == ["ours"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_the_way_and_none_of_the_values(written, form):
    logs.configure(form, "info", written)

    def fail(password: str) -> None:
        raise RuntimeError(f"it has {len(password)} letters")

    secret = f"hunter{1 + 1}"
    try:
        fail(secret)
    except RuntimeError:
        structlog.get_logger().exception("message failed")
    assert "RuntimeError: it has 7 letters" in written.getvalue()
    assert secret not in written.getvalue()


def test_a_line_within_a_span_names_its_trace(written, spans):
    logs.configure("json", "info", written)
    with Tracing("test", processor=spans).span("work") as span:
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")
    inside, outside = (json.loads(line) for line in written.getvalue().splitlines())
    assert inside["trace"] == f"{span.get_span_context().trace_id:032x}"
    assert "trace" not in outside


def test_what_asyncio_says_at_the_end_of_each_tls_line_is_no_news(written):
    logs.configure("json", "info", written)
    logging.getLogger("asyncio").warning("returning true from eof_received() has no effect when using ssl")
    logging.getLogger("asyncio").warning("something else")
    assert [json.loads(line)["event"] for line in written.getvalue().splitlines()] == ["something else"]
