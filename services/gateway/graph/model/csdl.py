"""The schema as CSDL, OData's own XML, for `$metadata` (OData 4.0 part 3)."""

from collections.abc import Iterator
from functools import cache
from xml.etree.ElementTree import Element, SubElement, tostring

from services.gateway.graph.model.schema import ENUMS, OPERATIONS, TYPES, Operation, Property, Type
from services.gateway.graph.model.types import SETS, SINGLETONS

MEDIA_TYPE = "application/xml"
NAMESPACE = "microsoft.graph"
_EDMX, _EDM = "http://docs.oasis-open.org/odata/ns/edmx", "http://docs.oasis-open.org/odata/ns/edm"
_EDM_TYPES = {
    "string": "Edm.String",
    "boolean": "Edm.Boolean",
    "int32": "Edm.Int32",
    "int64": "Edm.Int64",
    "double": "Edm.Double",
    "date": "Edm.Date",
    "dateTimeOffset": "Edm.DateTimeOffset",
}


@cache
def document(*, beta: bool = False) -> bytes:
    """The whole document. In beta every type is open: there are older members beside those that are described."""
    root = Element("edmx:Edmx", {"Version": "4.0", "xmlns:edmx": _EDMX})
    schema = SubElement(SubElement(root, "edmx:DataServices"), "Schema", {"Namespace": NAMESPACE, "xmlns": _EDM})
    for name, names in ENUMS.items():
        enum = SubElement(schema, "EnumType", {"Name": name})
        for each in names:
            SubElement(enum, "Member", {"Name": each})
    for type_ in TYPES.values():
        schema.append(_type(type_, opened=beta))
    for operation in OPERATIONS:
        schema.append(_operation(operation))
    schema.append(_container())
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root)


def _type(type_: Type, *, opened: bool) -> Element:
    found = Element("EntityType" if type_.entity else "ComplexType", {"Name": type_.name})
    if type_.base:
        found.set("BaseType", f"{NAMESPACE}.{type_.base}")
    for mark, attribute in (("abstract", "Abstract"), ("stream", "HasStream"), ("open", "OpenType")):
        if mark in type_.marks or (opened and mark == "open"):
            found.set(attribute, "true")
    if "key" in type_.marks:
        SubElement(SubElement(found, "Key"), "PropertyRef", {"Name": "id"})
    for each in type_.properties:
        found.append(_property(each))
    return found


def _property(each: Property) -> Element:
    found = Element("NavigationProperty" if each.leads else "Property", {"Name": each.name, "Type": _of(each)})
    if not each.nullable:
        found.set("Nullable", "false")
    if each.leads and each.many and each.type not in ("user", "group"):
        found.set("ContainsTarget", "true")
    return found


def _operation(one: Operation) -> Element:
    found = Element("Action" if one.action else "Function", {"Name": one.name, "IsBound": "true"})
    for each in (one.on, *one.parameters):
        SubElement(found, "Parameter", {"Name": each.name, "Type": _of(each)})
    if one.answer:
        SubElement(found, "ReturnType", {"Type": _of(one.answer)})
    return found


def _container() -> Element:
    found = Element("EntityContainer", {"Name": "GraphService"})
    for name, type_ in SINGLETONS.items():
        SubElement(found, "Singleton", {"Name": name, "Type": f"{NAMESPACE}.{type_}"})
    for name, type_ in SETS.items():
        SubElement(found, "EntitySet", {"Name": name, "EntityType": f"{NAMESPACE}.{type_}"})
    return found


def _of(each: Property) -> str:
    name = _EDM_TYPES.get(each.type) or f"{NAMESPACE}.{each.type}"
    return f"Collection({name})" if each.many else name


def roots() -> Iterator[dict[str, str]]:
    """The service document's elements: what the addresses begin with."""
    for names, kind in ((SINGLETONS, "Singleton"), (SETS, "EntitySet")):
        yield from ({"name": name, "kind": kind, "url": name} for name in names)
