"""Formats and their media types."""

from libs.contracts.documents import Format
from libs.contracts.mediatypes import FORMAT, MEDIA_TYPE, bare, media_type_of


def test_every_format_has_a_media_type_that_leads_back_to_it():
    assert set(MEDIA_TYPE) == set(Format)
    assert all(FORMAT[name] is kind for kind, name in MEDIA_TYPE.items())
    assert all(bare(name) == name for name in FORMAT)


def test_a_type_that_was_told_goes_before_that_of_the_format():
    assert media_type_of(Format.XPS, "application/vnd.ms-xpsdocument") == "application/vnd.ms-xpsdocument"
    assert media_type_of(Format.PDF) == "application/pdf"
    assert bare("Text/Plain; charset=utf-8") == "text/plain"
