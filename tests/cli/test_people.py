"""The command line about people: what is written, what is told, and what the registry knows then."""


def test_users_are_added_found_changed_and_removed(say):
    say.json("tenant", "add", "clinic")
    say.json("group", "add", "Nurses", "--tenant", "clinic")
    made = say.json(
        "user", "add", "Anna@clinic.example", "--tenant", "clinic", "--display", "Anna", "--administrator", "--groups", "Nurses"
    )
    assert (made["name"], made["display"], made["administrator"], made["groups"]) == (
        "Anna@clinic.example",
        "Anna",
        True,
        ["Nurses"],
    )
    assert say.json("user", "show", "anna@CLINIC.example", "--tenant", "clinic") == made
    assert say.json("user", "show", made["id"], "--tenant", "clinic") == made
    assert "already" in say.sentence("user", "add", "anna@clinic.example", "--tenant", "clinic")
    assert "anna@clinic.example" in say.sentence("user", "add", "no name", "--tenant", "clinic")
    assert "no tenant" in say.sentence("user", "add", "anna", "--tenant", "rival")
    assert "group list" in say.sentence("user", "add", "ben", "--tenant", "clinic", "--groups", "Doctors")
    given = say.json("user", "add", "ben", "--tenant", "clinic", "--id", "oid-of-ben")
    assert given["id"] == "oid-of-ben"
    assert [row["name"] for row in say.json("user", "list", "--tenant", "clinic")] == ["Anna@clinic.example", "ben"]
    changed = say.json("user", "set", "ben", "--tenant", "clinic", "--display", "Ben", "--administrator", "--groups", "Nurses")
    assert (changed["display"], changed["administrator"], changed["groups"]) == ("Ben", True, ["Nurses"])
    changed = say.json("user", "set", "ben", "--tenant", "clinic", "--no-administrator", "--groups", "")
    assert (changed["display"], changed["administrator"], changed["groups"]) == ("Ben", False, [])
    assert say.json("user", "disable", "ben", "--tenant", "clinic") == {"id": "oid-of-ben", "name": "ben", "enabled": False}
    assert not say.json("user", "show", "ben", "--tenant", "clinic")["enabled"]
    say.json("user", "enable", "ben", "--tenant", "clinic")
    say.json("user", "remove", "ben", "--tenant", "clinic")
    assert "no user" in say.sentence("user", "show", "ben", "--tenant", "clinic")
    actions = [row["action"] for row in say.json("audit", "--tenant", "clinic")]
    assert actions == ["tenant added", "group added", "user added", "user added", *["user changed"] * 4, "user removed"]


def test_groups_have_members_and_leave_with_their_tenant(say):
    say.json("tenant", "add", "clinic")
    say.json("user", "add", "anna", "--tenant", "clinic")
    say.json("user", "add", "ben", "--tenant", "clinic")
    made = say.json("group", "add", "Nurses", "--tenant", "clinic", "--members", "anna")
    assert [(row["id"], row["members"]) for row in say.json("group", "list", "--tenant", "clinic")] == [(made["id"], 1)]
    members = ("group", "members", "Nurses", "--tenant", "clinic")
    assert say.json(*members, "--add", "ben,anna")["members"] == ["anna", "ben"]
    assert say.json(*members, "--remove", "anna")["members"] == ["ben"]
    assert say(*members)[1] == "ben\n"
    assert "no user" in say.sentence(*members, "--add", "nobody")
    assert "already" in say.sentence("group", "add", "Nurses", "--tenant", "clinic")
    say.json("group", "remove", "Nurses", "--tenant", "clinic")
    assert say.json("user", "show", "ben", "--tenant", "clinic")["groups"] == []
    assert "no group" in say.sentence(*members)
    say.json("tenant", "remove", "clinic")
    assert "no tenant" in say.sentence("user", "list", "--tenant", "clinic")
