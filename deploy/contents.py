"""What is in each Secret, from a data folder that `provision` made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy import bus
from deploy.inventory import GIVEN, KEYS
from deploy.overlay import Overlay
from libs.runtime.authority import CERTIFICATE
from libs.runtime.keys import REGION, Keys
from libs.runtime.links import BadLink, Link, linked

Contents = Mapping[str, bytes]


class Missing(Exception):
    """Something is not there; the sentence says what to do."""


@dataclass(frozen=True)
class Source:
    """The data folder of one installation, the link files of other regions, and variables. Its methods block: files are read."""

    data: Path
    overlay: Overlay
    told: tuple[Path, ...]
    variables: Mapping[str, str]

    def contents(self, secret: str) -> Contents:
        """What is in one Secret, by key. Raises `Missing`, also for one that others make."""
        if secret in GIVEN:
            return self._given(GIVEN[secret])
        if secret == "printbus-links":  # noqa: S105 - its name
            return self._links()
        made: dict[str, Callable[[], Contents]] = {
            "printbus-agent": self._agent,
            "printbus-nats": lambda: bus.contents(self._keys(), self.overlay, self._others),
            "printbus-own": lambda: {name: self._line(name).encode() for name in ("sn", "token")},
        }
        if secret not in made and secret not in KEYS:
            raise Missing("others make it")
        keys = self._keys()
        bus.certify(keys, self.overlay)  # first: the authority's certificate names whom it vouches for
        return made[secret]() if secret in made else {name: _file(keys.path(name)) for name in KEYS[secret]}

    def _keys(self) -> Keys:
        keys = Keys(self.data / "keys")
        region, wanted = _file(keys.path(REGION)).decode(), self.overlay.region
        if region != wanted:
            raise Missing(
                f"the keys in {self.data / 'keys'} are of the region {region}, and the overlay is {wanted}: run `python -m "
                f"services provision` with PRINTBUS_REGION={wanted} and a data folder of its own"
            )
        return keys

    def _line(self, name: str) -> str:
        return _file(self.data / name).decode().strip()

    def _agent(self) -> Contents:
        return {name: _file(self._keys().path(name)) for name in (CERTIFICATE, f"{self._line('sn')}.creds")}

    def _given(self, variables: Mapping[str, str]) -> Contents:
        if absent := [variable for variable in variables.values() if not self.variables.get(variable)]:
            raise Missing(f"set {' and '.join(absent)}")
        return {key: self.variables[variable].encode() for key, variable in variables.items()}

    def _links(self) -> Contents:
        if not self.told:
            raise Missing("set PRINTBUS_LINKS to the files that `python -m services link` made in the other regions")
        return {f"{link.region}.link": _file(path) for path, link in zip(self.told, self._others, strict=True)}

    @property
    def _others(self) -> tuple[Link, ...]:
        try:
            return linked(self.told)
        except BadLink as error:
            raise Missing(str(error)) from None


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Missing(f"{path} cannot be read ({error.strerror}): run `python -m services provision` first") from None
