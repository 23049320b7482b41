"""Pages with all that they draw: contents, forms, patterns, shadings, glyphs, masks, images."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, Stream

from services.converter.grey import Unknown
from services.converter.grey.contents import Contents
from services.converter.grey.functions import function
from services.converter.grey.pictures import hung, make_grey
from services.converter.grey.spaces import grey_of, level, space
from services.converter.workers import Limits

#: Samples that a run of colours becomes.
_SAMPLES = 256
_DEEPEST = 40
_WRONG = (Unknown, pikepdf.PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, ZeroDivisionError)


@dataclass(slots=True)
class Grey:
    """Makes the pages of one document grey, in their place; what several of them draw is done once."""

    pdf: Pdf
    limits: Limits
    _done: set[tuple[int, int]] = field(default_factory=set)
    _hung: int = 0

    def pages(self, pages: Iterable[Object]) -> None:
        """All of these; a page may be there more than once."""
        for page in pages:
            if self._first(page):
                self._page(page)

    def _page(self, page: Object) -> None:
        resources = Page(page).resources
        self._group(page)
        try:
            data = b"\n".join(part.read_bytes() for part in _parts(page.get("/Contents")))
            written = self._contents(resources).rewrite(page, data)
            if written is not None:
                page.Contents = self.pdf.make_stream(written)
        except _WRONG:
            pass  # it is drawn then, if it has a colour at all
        self._resources(resources, 0)

    def _contents(self, resources: Object) -> Contents:
        def hang(made: object) -> Name:
            image = hung(self.pdf, made, resources, self.limits)
            self._hung += 1
            return _put(resources, "/XObject", Name(f"/PrintbusGrey{self._hung}"), image)

        def patterns() -> Name:
            return _put(resources, "/ColorSpace", Name("/PrintbusGrey"), Array([Name.Pattern, Name.DeviceGray]))

        return Contents(resources, hang, patterns)

    def _resources(self, resources: Object, depth: int) -> None:
        if not isinstance(resources, Dictionary) or depth > _DEEPEST:
            return
        for thing in _values(resources, "/XObject"):
            self._drawn(thing, resources, depth)
        for pattern in _values(resources, "/Pattern"):
            self._pattern(pattern, resources, depth)
        for shading in _values(resources, "/Shading"):
            self._shading(shading, resources)
        for font in _values(resources, "/Font"):
            self._font(font, resources, depth)
        for state in _values(resources, "/ExtGState"):
            mask = state.get("/SMask") if isinstance(state, Dictionary) else None
            if isinstance(mask, Dictionary):
                self._mask(mask, resources, depth)

    def _drawn(self, thing: Object, resources: Object, depth: int) -> None:
        if not isinstance(thing, Stream) or not self._first(thing):
            return
        if thing.get("/Subtype") == Name.Form:
            self._form(thing, resources, depth)
        elif thing.get("/Subtype") == Name.Image:
            try:
                make_grey(thing, resources, self.limits)
            except _WRONG:
                return

    def _form(self, form: Stream, resources: Object, depth: int) -> None:
        """A form, the cell of a pattern or a glyph; one without resources uses those of what draws it."""
        own = form.get("/Resources")
        if own is None:
            own = resources
        self._group(form)
        try:
            written = self._contents(own).rewrite(form, form.read_bytes())
            if written is not None:
                form.write(written)
        except _WRONG:
            pass
        self._resources(own, depth + 1)

    def _pattern(self, pattern: Object, resources: Object, depth: int) -> None:
        if isinstance(pattern, Stream):
            if self._first(pattern):
                self._form(pattern, resources, depth)
        elif isinstance(pattern, Dictionary) and "/Shading" in pattern:
            self._shading(pattern.Shading, resources)

    def _shading(self, shading: Object, resources: Object) -> None:
        if not isinstance(shading, Dictionary | Stream) or not self._first(shading):
            return
        try:
            own = space(shading.ColorSpace, resources)
            if own.colorless:
                return
            if "/Function" not in shading:
                return  # a mesh with colours of its own
            colors = function(shading.Function)
            begin, end = _domain(shading.Function)
            steps = [begin + (end - begin) * at / (_SAMPLES - 1) for at in range(_SAMPLES)]
            samples = bytes(level(own.grey(colors(at))) for at in steps)
            background = round(grey_of(shading.Background, own), 4) if "/Background" in shading else None
        except _WRONG:
            return
        made = self.pdf.make_stream(samples)
        made.FunctionType, made.BitsPerSample = 0, 8
        made.Domain, made.Range, made.Size = Array([begin, end]), Array([0, 1]), Array([_SAMPLES])
        shading.Function, shading.ColorSpace = self.pdf.make_indirect(made), Name.DeviceGray
        if background is not None:
            shading.Background = Array([background])

    def _font(self, font: Object, resources: Object, depth: int) -> None:
        """Only glyphs that are drawings (Type 3) can have colours."""
        if not isinstance(font, Dictionary) or font.get("/Subtype") != Name.Type3 or not self._first(font):
            return
        own = font.get("/Resources")
        for glyph in _values(font, "/CharProcs"):
            if isinstance(glyph, Stream) and self._first(glyph):
                self._form(glyph, resources if own is None else own, depth)

    def _mask(self, mask: Object, resources: Object, depth: int) -> None:
        group = mask.get("/G")
        if not isinstance(group, Stream):
            return
        try:
            declared = group.get("/Group", Dictionary()).get("/CS")
            if "/BC" in mask and declared is not None:
                own = space(declared, resources)
                mask.BC = Array([round(grey_of(mask.BC, own), 4)])
        except _WRONG:
            pass
        self._drawn(group, resources, depth)

    def _group(self, thing: Object) -> None:
        """What is mixed transparently is mixed in grey."""
        group = thing.get("/Group")
        if isinstance(group, Dictionary) and "/CS" in group and Name.DeviceGray != group.CS:
            group.CS = Name.DeviceGray

    def _first(self, thing: Object) -> bool:
        """Whether this is seen for the first time; what has no number of its own is met where it stands."""
        if not thing.is_indirect:
            return True
        if thing.objgen in self._done:
            return False
        self._done.add(thing.objgen)
        return True


def _values(thing: Object, name: str) -> list[Object]:
    found = thing.get(name) if isinstance(thing, Dictionary) else None
    return [value for _, value in found.items()] if isinstance(found, Dictionary) else []


def _parts(contents: Object | None) -> list[Object]:
    if isinstance(contents, Array):
        return [each for each in contents if isinstance(each, Stream)]
    return [contents] if isinstance(contents, Stream) else []


def _put(resources: Object, kind: str, name: Name, thing: Object) -> Name:
    if kind not in resources:
        resources[kind] = Dictionary()
    resources[kind][str(name)] = thing
    return name


def _domain(made: Object) -> tuple[float, float]:
    begin, end = (float(each) for each in (made[0] if isinstance(made, Array) else made).Domain)
    return begin, end
