"""Many short texts as one job of a worker process: how they are written down for it, and what it writes back."""

import json
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.converter.domain import Finishing, Layout, Outcome


@dataclass(frozen=True, slots=True)
class Short:
    """A text that is to be typeset and finished."""

    data: bytes
    layout: Layout
    finishing: Finishing


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one: a finished document of so many pages, or a failure and its sentence."""

    data: bytes
    pages: int = 0
    width: int = 0
    height: int = 0
    warnings: tuple[str, ...] = ()
    failure: str = ""
    message: str = ""


def packed(texts: Sequence[Short]) -> bytes:
    """Texts for a worker."""
    return pickle.dumps(list(texts))


def unpacked(data: bytes) -> list[Short]:
    """Texts as the service that started this worker wrote them."""
    found: list[Short] = pickle.loads(data)  # noqa: S301 - only the service that started us writes it
    return found


def written(outcomes: Iterable[Outcome | dict[str, Any]]) -> bytes:
    """What became of each, in their order: a line of JSON, then the documents one after another. A `dict` is a failure."""
    told: list[dict[str, Any]] = []
    made: list[bytes] = []
    for outcome in outcomes:
        if isinstance(outcome, dict):
            told.append(outcome)
            continue
        made.append(outcome.data)
        told.append(
            {
                "size": len(outcome.data),
                "pages": outcome.pages,
                "width": outcome.width,
                "height": outcome.height,
                "warnings": outcome.warnings,
            }
        )
    return b"".join([json.dumps(told).encode(), b"\n", *made])


def read(data: bytes, count: int) -> list[Answer]:
    """What a worker wrote of `count` texts. It may have been broken into: raises `ValueError` for what is not that."""
    line, _, documents = data.partition(b"\n")
    try:
        told = json.loads(line)
        answers, at = [], 0
        for each in told:
            if "failure" in each:
                answers.append(Answer(b"", failure=str(each["failure"]), message=str(each["message"])))
                continue
            size, pages, width, height = (int(each[name]) for name in ("size", "pages", "width", "height"))
            if size < 0:
                raise ValueError("a document has a size")
            answers.append(Answer(documents[at : at + size], pages, width, height, tuple(map(str, each["warnings"]))))
            at += size
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not what became of texts") from error
    if len(answers) != count or at != len(documents):
        raise ValueError("not what became of these texts")
    return answers
