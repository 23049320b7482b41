"""Which of all routes a request means, in its version (graph-print.md 1.13, 5.2)."""

from collections.abc import Iterable
from dataclasses import replace

from services.gateway.graph.call import Route
from services.gateway.graph.http.path import Found, Step, Table, steps_of
from services.gateway.graph.http.request import Asked
from services.gateway.graph.problem import Problem, not_allowed


class Routing:
    """The addresses of both versions."""

    def __init__(self, routes: Iterable[Route]) -> None:
        every = list(routes)
        self._tables = {False: Table(each for each in every if not each.beta), True: Table(every)}

    def find(self, asked: Asked) -> tuple[Found | None, bool]:
        """The address that is meant, and whether what it lists is only to be counted."""
        steps = steps_of(asked.path)
        if asked.beta and [each.text.lower() for each in steps[:2]] == ["print", "printershares"]:
            steps = (steps[0], Step("shares"), *steps[2:])  # their old name (graph-print.md 1.13)
        table = self._tables[asked.beta]
        found = table.find(steps)
        if found or not steps or steps[-1].text.lower() != "$count":
            return found, False
        found = table.find(steps[:-1])
        reading = {method: route for method, route in found.routes.items() if method == "GET"} if found else {}
        return (replace(found, routes=reading), True) if found and reading else (None, False)


def route_of(asked: Asked, found: Found | None) -> Route:
    """What answers this method at an address. Raises `Problem`: 404 where there is none, 405 with what else there is."""
    if found is None:
        raise nowhere(asked)
    route = found.routes.get(asked.method)
    if route is None:
        raise not_allowed(f"There is something at this address, but not with {asked.method}.", allowed(found))
    return route


def allowed(found: Found) -> str:
    """The methods of an address, as `Allow` has them."""
    return ", ".join((*found.routes, "OPTIONS"))


def nowhere(asked: Asked) -> Problem:
    """There is nothing at this address."""
    version = "beta" if asked.beta else "v1.0"
    return Problem(404, "ResourceNotFound", f"There is nothing at this address below /{version}.")
