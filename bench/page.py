"""The page of the evidence: goals and results side by side, then each measure with all that was seen."""

from collections.abc import Iterable, Iterator
from typing import Any

from bench.findings import MEASURED, goal_of

Measured = dict[str, Any]
_HEAD = """# What `make bench` measured

Written by `make bench`; not edited by hand. What each measure is, and why: section "What fast means" of
[docs/performance.md](../performance.md). Ours and its peer took turns in the same run; a ratio is the median over the turns, in
brackets the smallest and the largest. A goal counts as not met where a measure failed, or lost, doubled or misplaced anything.
Every repeat is in [bench.json](bench.json).
"""


def page(evidence: dict[str, Any], drawn: list[str]) -> str:
    """The whole page, as Markdown; `drawn`: the names of the plots beside it."""
    measures = list(evidence["measures"].values())
    goals = [result for each in measures for result in each["results"]]
    met = sum(result["met"] for result in goals)
    lines = [_HEAD, *_machines(measures), f"**{met} of {len(goals)} goals are met.**", "", *table(measures), ""]
    lines += [f"![{name}]({name})" for name in drawn if name.startswith("bench-goals")]
    for each in measures:
        lines += ["", *_one(each, drawn)]
    return "\n".join(lines).rstrip() + "\n"


def table(measures: Iterable[Measured]) -> list[str]:
    """Goals and results, a line each."""
    lines = ["| # | what | goal | measured | |", "|---|---|---|---|---|"]
    for each in measures:
        lines += [
            f"| {each['number']} | {result['goal']} | {goal_of(result)} | {_seen(result)} | {_verdict(each, result)} |"
            for result in each["results"]
        ]
        if not each["results"]:
            lines.append(
                f"| {each['number']} | {each['title']} | | {'see its curves' if each['curves'] else 'nothing'} | {_state(each)} |"
            )
    return lines


def _seen(result: Measured) -> str:
    if not result["repeats"]:
        return "nothing"
    spread = result["spread"]
    return f"{_told(spread['median'])} ({_told(spread['least'])} to {_told(spread['most'])})"


def _told(value: float) -> str:
    """Three digits, and thousands in full."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _verdict(measure: Measured, result: Measured) -> str:
    return _state(measure) or ("met" if result["met"] else "**not met**")


def _state(measure: Measured) -> str:
    """What stands above every goal; empty when all went well."""
    if measure["wrong"]:
        return "**not met: it came out wrong**"
    return "" if measure["state"] == MEASURED else "**failed**"


def _machines(measures: list[Measured]) -> Iterator[str]:
    """The machines that the figures come from: one, unless single measures were taken again elsewhere."""
    for text in dict.fromkeys(_machine(each["machine"]) for each in measures):
        yield f"Measured on {text}."
    rough = [each["number"] for each in measures if each["quick"]]
    if rough:
        yield f"**{', '.join(rough)}: taken in the quick form, which is no evidence.**"
    yield ""


def _machine(facts: dict[str, Any]) -> str:
    return (
        f"{facts['processors']} processors ({facts['processor']}), {facts['memory_gib']:g} GiB, {facts['system']}, "
        f"Python {facts['python']}, nats-server {facts['nats_server']}"
    )


def _one(each: Measured, drawn: list[str]) -> Iterator[str]:
    yield f"## {each['number']}: {each['title']}"
    yield ""
    yield (
        f"Against {each['against']}. Taken {each['began']} at commit {each['machine']['commit']} in {each['seconds']:.0f} s, "
        f"{each['rounds']} rounds; before it {each['load_before']:g} processes wanted a processor, and 4 KB were on disk in "
        f"{each['machine']['sync_ms']:g} ms."
    )
    if each["state"] != MEASURED:
        yield f"\n**Failed: {each['reason']}** What follows is what there was before."
    yield from _results(each)
    yield from _series(each)
    for curve in each["curves"]:
        name = plot_name(each, curve)
        yield f"\n![{curve['name']}]({name})" if name in drawn else ""
        yield "\n" + ", ".join(f"{x:g}: {y:.4g}" for x, y in curve["points"]) + f" ({curve['x']}: {curve['y']})"
    if each["checked"]:
        yield ""
        yield from (f"- Checked: {sentence}" for sentence in each["checked"])
        yield from (f"- **Wrong: {sentence}**" for sentence in each["wrong"])
        if not each["wrong"]:
            yield "- Nothing was lost, doubled or out of order."
    if each["notes"]:
        yield ""
        yield from (f"- {sentence}" for sentence in each["notes"])


def _results(each: Measured) -> Iterator[str]:
    if each["results"]:
        yield ""
        for result in each["results"]:
            sides = (
                f" ({result['ours']} by {result['theirs']})"
                if result["theirs"]
                else f" ({result['ours']})"
                if result["ours"]
                else ""
            )
            yield f"- {result['goal']}{sides}: {_seen(result)}, goal {goal_of(result)}: {_verdict(each, result)}"


def _series(each: Measured) -> Iterator[str]:
    if not each["series"]:
        return
    yield ""
    yield "| side | unit | median | quartiles | every repeat |"
    yield "|---|---|---|---|---|"
    for name, series in each["series"].items():
        if series["values"]:
            spread = series["spread"]
            values = ", ".join(f"{value:.4g}" for value in series["values"][:12]) + (" …" if len(series["values"]) > 12 else "")
            yield f"| {name} | {series['unit']} | {spread['median']:.4g} | {spread['low']:.4g} to {spread['high']:.4g} | {values} |"


def plot_name(measure: Measured, curve: dict[str, Any]) -> str:
    """The file that a curve is drawn into."""
    words = f"{measure['number']} {curve['name']}".lower()
    return "bench-" + "-".join("".join(sign if sign.isalnum() else " " for sign in words).split()) + ".svg"
