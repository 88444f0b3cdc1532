"""`orch list` on the local target."""

import json

from tests.cli.planting import PROJECT, plant


def test_kind_id_name_and_owner_of_everything(orch, tutor):
    orch("apply", "specs/")
    (ours,) = [o for o in json.loads(orch("list", "specs/", "--format", "json").out)["objects"] if o["name"][0] == "M"]
    (theirs,) = plant(tutor, "/assistants", {"model": "m", "name": "수학"})
    (other,) = plant(tutor, "/assistants", {"model": "m", "metadata": {"orch.owner": "shop/assistant.helper"}})
    listed = json.loads(orch("list", "specs/", "--format", "json").out)
    assert (listed["format"], listed["project"], listed["target"]) == ("orch.list/1", "tutoring", "local")
    assert listed["requests"] == {"total": 2}
    owners = {item["id"]: (item["kind"], item["name"], item["owner"]) for item in listed["objects"]}
    assert len(owners) == 4
    assert owners[ours["id"]] == ("assistant", "Math Tutor2", "tutoring/assistant.math-tutor")
    assert owners[theirs] == ("assistant", "수학", "unmanaged")
    assert owners[other] == ("assistant", None, "shop/assistant.helper")


def test_unmanaged_is_what_no_project_owns(orch, tutor):
    orch("apply", "specs/")
    (theirs,) = plant(tutor, "/assistants", {"model": "m", "name": "helper"})
    plant(tutor, "/assistants", {"model": "m", "metadata": {"orch.owner": "shop/assistant.helper"}})
    done = orch("list", "specs/", "--unmanaged")
    assert done.code == 0
    assert done.out == (
        f"KIND       ID{' ' * (len(theirs) - 2)}  NAME    OWNER\n"
        f"assistant  {theirs}  helper  unmanaged\n\n1 object on local.\n2 requests\n"
    )


def test_a_project_that_declares_nothing_yet_can_look(orch, tmp_path):
    (tmp_path / "orch.yaml").write_text(PROJECT)
    assert orch("list").out == "Nothing on local.\n2 requests\n"
    plant(tmp_path, "/assistants", {"model": "m", "name": "a\nb\x1b[2J"})
    out = orch("list").out
    assert "a b\\x1b[2J" in out
    assert "\x1b" not in out
