"""Users and groups of a tenant, and what may be asked of the registry about them."""

from dataclasses import dataclass

from libs.contracts.message import Message


@dataclass(frozen=True, slots=True)
class Person:
    """Who prints: `id` (a GUID, `oid` of the token), `name` (userPrincipalName), `display` name, IP `address`; empty: not known."""

    id: str
    name: str = ""
    display: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """A user whom the registry knows. `groups` are ids; `administrator`: of printers (graph-print.md 1, "PA")."""

    id: str
    tenant: str
    name: str
    display: str = ""
    enabled: bool = True
    administrator: bool = False
    groups: tuple[str, ...] = ()
    created_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group of users of a tenant."""

    id: str
    tenant: str
    name: str
    created_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUser(Message, subject="query.{region}.registry.get-user"):
    """A user by id, or by name (userPrincipalName, small letters or not)."""

    region: str
    tenant: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAnswer:
    user: UserView


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUsers(Message, subject="query.{region}.registry.list-users"):
    """Users by their names; `ids`: only these, in this order, those that there are."""

    region: str
    tenant: str
    ids: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList:
    users: tuple[UserView, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListGroups(Message, subject="query.{region}.registry.list-groups"):
    """Groups by their names; `ids`: only these, in this order, those that there are."""

    region: str
    tenant: str
    ids: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupList:
    groups: tuple[GroupView, ...]
    more: bool = False


#: Question -> the record that answers it (or a `Refusal`).
PEOPLE_ANSWER: dict[type[Message], type] = {GetUser: UserAnswer, ListUsers: UserList, ListGroups: GroupList}
