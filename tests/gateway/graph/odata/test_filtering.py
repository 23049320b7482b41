"""`$filter`: what is written means what it says, and what cannot be read is said to be so."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.graph.odata.filtering import (
    COMPARISONS,
    Compare,
    Function,
    Junction,
    Literal,
    Not,
    Path,
    Unreadable,
    Within,
    parse,
)

NAMES = st.sampled_from(
    ("id", "displayName", "createdBy/userPrincipalName", "status/state", "@odata.type", "inner", "notes", "origin")
)
PATHS = NAMES.map(lambda text: Path(tuple(text.split("/"))))
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001
VALUES = st.one_of(
    st.text(st.characters(blacklist_categories=("Cs",))),
    st.booleans(),
    st.none(),
    st.integers(-(10**17), 10**17),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 6)),
    TIMES,
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
)
LITERALS = VALUES.map(Literal)
OPERANDS = st.one_of(
    PATHS,
    LITERALS,
    st.builds(lambda name, path: Function(name, (path,)), st.sampled_from(("tolower", "toupper")), PATHS),
)
BOOLEAN = st.builds(
    lambda name, path, text: Function(name, (path, Literal(text))),
    st.sampled_from(("startswith", "contains", "endswith")),
    PATHS,
    st.text(st.characters(blacklist_categories=("Cs",))),
)
ATOMS = st.one_of(
    st.builds(Compare, st.sampled_from(COMPARISONS), OPERANDS, OPERANDS),
    st.builds(Within, PATHS, st.lists(LITERALS, min_size=1, max_size=4).map(tuple)),
    BOOLEAN,
    PATHS,
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Junction, st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def written(node):
    """An expression as a program writes it, with every bracket."""
    match node:
        case Literal(value):
            return spelled(value)
        case Path(parts):
            return "/".join(parts)
        case Function(name, arguments):
            return f"{name}({', '.join(written(each) for each in arguments)})"
        case Compare(op, left, right):
            return f"{written(left)} {op} {written(right)}"
        case Within(left, values):
            return f"{written(left)} in ({','.join(written(each) for each in values)})"
        case Not(of):
            return f"not ({written(of)})"
        case Junction(op, terms):
            return f" {op} ".join(f"({written(each)})" for each in terms)


def spelled(value):
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return f"{value:f}" if isinstance(value, float) else str(value)


@settings(deadline=None, max_examples=60)
@given(EXPRESSIONS)
def test_what_is_written_is_read_as_it_was_meant(expression):
    assert parse(written(expression)) == expression


@settings(deadline=None)
@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(st.sampled_from(["(", ")", "'", ",", "eq", "and", "or", "not", "in", "a/b", "1", "null", "startswith", "-"])).map(
            " ".join
        ),
    )
)
def test_anything_is_an_expression_or_is_refused_in_a_sentence(text):
    try:
        read, refused = parse(text), ""
    except Unreadable as error:
        read, refused = None, str(error)
    assert refused.endswith(".") if read is None else parse(written(read)) == read


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (
            "a eq 1 and b eq 2 or c",
            Junction(
                "or",
                (Junction("and", (Compare("eq", Path(("a",)), Literal(1)), Compare("eq", Path(("b",)), Literal(2)))), Path(("c",))),
            ),
        ),
        ("NOT a EQ 'x' AND b", Junction("and", (Not(Compare("eq", Path(("a",)), Literal("x"))), Path(("b",))))),
        ("state eq microsoft.graph.printJobProcessingState'paused'", Compare("eq", Path(("state",)), Literal("paused"))),
        (
            "id eq 0b0b0b0b-0000-4000-8000-000000000002",
            Compare("eq", Path(("id",)), Literal("0b0b0b0b-0000-4000-8000-000000000002")),
        ),
        (
            "t ge 2026-01-01T00:00:00 02:00",
            Compare("ge", Path(("t",)), Literal(datetime.fromisoformat("2026-01-01T00:00:00+02:00"))),
        ),
        (
            "t ge 2026-01-01T00:00:00.1234567Z",
            Compare("ge", Path(("t",)), Literal(datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC))),
        ),
        ("t lt datetime'2026-01-01T00:00:00Z'", Compare("lt", Path(("t",)), Literal(datetime(2026, 1, 1, tzinfo=UTC)))),
        ("usageDate ge 2026-01-31", Compare("ge", Path(("usageDate",)), Literal(date(2026, 1, 31)))),
        ("(a) eq (1)", None),
        ("startswith(a,'b') eq true", Compare("eq", Function("startswith", (Path(("a",)), Literal("b"))), Literal(True))),
    ],
)
def test_the_forms_that_programs_use(text, expression):
    if expression is None:
        with pytest.raises(Unreadable):
            parse(text)
    else:
        assert parse(text) == expression


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a eq", "at its end"),
        ("a eq b c", "position 8"),
        ('a eq "b"', "single quotes"),
        ("like(a,'b')", "startswith"),
        ("startswith(a)", "takes 2"),
        ("a eq 2026-02-31", "none of"),
        ("(" * 60 + "a" + ")" * 60, "deeper"),
        ("not " * 60 + "a", "deeper"),
        ("a eq '" + "x" * 9000 + "'", "longer"),
        ("", "at its end"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(text, says):
    with pytest.raises(Unreadable, match=says):
        parse(text)
