"""Functions of one number as PDF writes them (ISO 32000-1 section 7.10): sampled, exponential, stitched."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from pikepdf import Array, Object, Stream

from services.converter.grey import Unknown

Function = Callable[[float], list[float]]
#: Functions within functions, and the samples of one.
_DEEPEST, _LARGEST = 8, 1_000_000


def function(made: Object, depth: int = 0) -> Function:
    """What a function object, or an array of those that give one number each, computes. Raises `Unknown`."""
    if depth > _DEEPEST:
        raise Unknown
    if isinstance(made, Array):
        several = [function(each, depth + 1) for each in made]
        return lambda at: [value for each in several for value in each(at)]
    kind = int(made.get("/FunctionType", -1))
    domain = numbers(made.Domain)
    if len(domain) != 2 or kind not in (0, 2, 3):
        raise Unknown
    inner = {0: _sampled, 2: _exponential, 3: _stitched}[kind](made, depth)
    limits = list(pairwise(numbers(made.Range)))[::2] if "/Range" in made else []

    def found(at: float) -> list[float]:
        values = inner(min(max(at, domain[0]), domain[1]))
        return [min(max(value, low), high) for value, (low, high) in zip(values, limits, strict=False)] if limits else values

    return found


def numbers(array: Object) -> list[float]:
    """An array of numbers."""
    return [float(each) for each in array]


def _exponential(made: Object, _depth: int) -> Function:
    first = numbers(made.C0) if "/C0" in made else [0.0]
    last = numbers(made.C1) if "/C1" in made else [1.0]
    power = float(made.N)
    return lambda at: [begin + (at**power if power != 1 else at) * (end - begin) for begin, end in zip(first, last, strict=True)]


def _stitched(made: Object, depth: int) -> Function:
    parts = [function(each, depth + 1) for each in made.Functions]
    begin, end = numbers(made.Domain)
    bounds, encode = [begin, *numbers(made.Bounds), end], numbers(made.Encode)

    def found(at: float) -> list[float]:
        part = next((index for index, bound in enumerate(bounds[1:-1]) if at < bound), len(parts) - 1)
        return parts[part](_between(at, bounds[part], bounds[part + 1], encode[2 * part], encode[2 * part + 1]))

    return found


def _sampled(made: Object, _depth: int) -> Function:
    if not isinstance(made, Stream):
        raise Unknown
    (count,), bits = [int(each) for each in made.Size], int(made.BitsPerSample)
    ranges = numbers(made.Range)
    width = len(ranges) // 2
    decode = numbers(made.Decode) if "/Decode" in made else ranges
    encode = numbers(made.Encode) if "/Encode" in made else [0, count - 1]
    begin, end = numbers(made.Domain)
    if bits not in (8, 16) or count < 1 or not 0 < count * width <= _LARGEST:
        raise Unknown
    data, size, most = made.read_bytes(), bits // 8, (1 << bits) - 1
    rows = [_row(data, at * width * size, size, width) for at in range(count)]

    def found(at: float) -> list[float]:
        place = min(max(_between(at, begin, end, encode[0], encode[1]), 0), count - 1)
        low = int(place)
        high, part = min(low + 1, count - 1), place - int(place)
        mixed = (one * (1 - part) + other * part for one, other in zip(rows[low], rows[high], strict=True))
        return [_between(value, 0, most, decode[2 * index], decode[2 * index + 1]) for index, value in enumerate(mixed)]

    return found


def _row(data: bytes, begin: int, size: int, width: int) -> Sequence[int]:
    return [int.from_bytes(data[begin + size * at : begin + size * (at + 1)], "big") for at in range(width)]


def _between(value: float, begin: float, end: float, first: float, last: float) -> float:
    return first if end == begin else first + (value - begin) * (last - first) / (end - begin)
