"""Root file systems as layers: debootstrap's in place of the base image, and one layer for the steps of each stage above it."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.check.tools import ROOT
from deploy.images.dockerfile import Stage, Step
from deploy.images.mirrors import Mirrors

#: What debootstrap installs in place of `debian:12…`.
SUITE = "bookworm"
NEVER = shutil.ignore_patterns("__pycache__", ".*")


@dataclass
class Builder:
    """Builds stages below `folder`, each once as long as nothing that goes into it changes. It needs root and a mount namespace."""

    folder: Path
    stages: Mapping[str, Stage]
    mirrors: Mirrors = field(default_factory=Mirrors)
    _found: dict[str, tuple[Path, ...]] = field(default_factory=dict)  # the checkout may change while they are in use

    def layers(self, name: str) -> tuple[Path, ...]:
        """The layers of a stage, the lowest first, built where they are missing."""
        if name not in self._found:
            self._found[name] = self._layers(name)
        return self._found[name]

    def _layers(self, name: str) -> tuple[Path, ...]:
        if name not in self.stages:
            return (self._base(),)
        stage = self.stages[name]
        below = self.layers(stage.parent)
        own = self._layer(name)
        if not own.is_dir():
            self._build(stage, below, own)
        return (*below, own)

    def built(self, name: str) -> tuple[Path, ...]:
        """The layers of a stage that is built already; none: it is not."""
        if name not in self.stages:
            base = self.folder / "layers" / SUITE
            return (base,) if base.is_dir() else ()
        below, own = self.built(self.stages[name].parent), self._layer(name)
        return (*below, own) if below and own.is_dir() else ()

    def _layer(self, name: str) -> Path:
        return self.folder / "layers" / f"{name}-{self._digest(self.stages[name])}"

    def _base(self) -> Path:
        base = self.folder / "layers" / SUITE
        if not base.is_dir():
            print(f"images: debootstrap {SUITE}", flush=True)  # noqa: T201 - minutes go by
            part = base.with_name(f"{SUITE}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            mirror = [self.mirrors.debian] if self.mirrors.debian else []
            _do(["debootstrap", "--variant=minbase", SUITE, str(part), *mirror])
            used = (part / "etc" / "apt" / "sources.list").read_text().split()[1]  # it says where it had everything from
            _write_sources(part, used)
            part.rename(base)
        return base

    def _build(self, stage: Stage, below: Sequence[Path], own: Path) -> None:
        print(f"images: {stage.name}", flush=True)  # noqa: T201
        part = own.with_name(f"{own.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with merged(below, part) as root:
            for step in stage.steps:
                if step.run:
                    self._run(step, root)
                else:
                    self._copy(step, root)
        for stale in own.parent.iterdir():
            if re.fullmatch(rf"{stage.name}-[0-9a-f]{{12}}(\.part)?", stale.name) and stale != part:
                shutil.rmtree(stale)
        part.rename(own)

    def _run(self, step: Step, root: Path) -> None:
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **step.environment}
        argv = ["/usr/sbin/chroot", str(root), "/usr/bin/env", "-C", step.folder, "/bin/sh", "-c", step.run]
        with self.mirrors.seen(root), _cached(root, self.folder / "cache", step.caches):
            _do(argv, {**environment, **self.mirrors.variables, "HOME": "/root"})

    def _copy(self, step: Step, root: Path) -> None:
        if step.origin:
            with merged(self.layers(step.origin)) as origin:
                for source in step.sources:
                    _put(origin / source.lstrip("/"), root, step)
        else:
            for source in step.sources:
                _put(ROOT / source, root, step)

    def _digest(self, stage: Stage) -> str:
        """Changes with the steps, with the files that they take from the checkout, and with the stages below."""
        found = hashlib.sha256(repr(stage.steps).encode())
        for other in (stage.parent, *(step.origin for step in stage.steps if step.origin)):
            found.update(self._digest(self.stages[other]).encode() if other in self.stages else SUITE.encode())
        for path in (path for step in stage.steps if not step.origin for source in step.sources for path in _files(ROOT / source)):
            found.update(f"{path.relative_to(ROOT)} {path.stat().st_mode & 0o111}".encode() + path.read_bytes())
        return found.hexdigest()[:12]


@contextmanager
def merged(layers: Sequence[Path], above: Path | None = None) -> Iterator[Path]:
    """The layers as one root; `above` takes what is changed, without it nothing can be."""
    with tempfile.TemporaryDirectory(prefix="printbus-root-", dir=layers[-1].parent) as folder:
        root, work = Path(folder) / "root", Path(folder) / "work"
        root.mkdir()
        work.mkdir()
        told = f"lowerdir={':'.join(map(str, reversed(layers)))}"
        if above is None and len(layers) == 1:
            _do(["mount", "--bind", "-o", "ro", str(layers[0]), str(root)])
        else:
            told += f",upperdir={above},workdir={work}" if above else ""
            _do(["mount", "-t", "overlay", "overlay", "-o", told, str(root)])
        try:
            yield root
        finally:
            _do(["umount", str(root)])


@contextmanager
def _cached(root: Path, folder: Path, targets: Sequence[str]) -> Iterator[None]:
    mounted = []
    try:
        for target in targets:
            own, inside = folder / target.strip("/").replace("/", "-"), root / target.lstrip("/")
            own.mkdir(parents=True, exist_ok=True)
            inside.mkdir(parents=True, exist_ok=True)
            _do(["mount", "--bind", str(own), str(inside)])
            mounted.append(inside)
        yield
    finally:
        for inside in mounted:
            _do(["umount", str(inside)])


def _put(source: Path, root: Path, step: Step) -> None:
    """As COPY has it: a folder's content into the target, a file as the target, or into it when it ends with a stroke."""
    target = root / str(Path(step.folder) / step.target).lstrip("/")
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=None if step.origin else NEVER)
        return
    into = target / source.name if step.target.endswith("/") else target
    into.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, into, follow_symlinks=False)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(each for each in path.rglob("*") if each.is_file() and "__pycache__" not in each.parts)


def _write_sources(root: Path, mirror: str) -> None:
    """What the official image has beside the release itself: its updates and its security updates."""
    security = mirror.removesuffix("/").removesuffix("/debian") + "/debian-security"
    lines = [f"deb {mirror} {SUITE} main", f"deb {mirror} {SUITE}-updates main", f"deb {security} {SUITE}-security main", ""]
    (root / "etc/apt/sources.list").write_text("\n".join(lines))


def _do(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Raises `CalledProcessError` with what was said last."""
    done = subprocess.run(  # noqa: S603
        argv, env=environment or os.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        said = done.stdout.decode(errors="replace")[-2000:]
        raise subprocess.CalledProcessError(done.returncode, list(argv), said)
