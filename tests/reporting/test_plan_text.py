from orchestrator.model.fields import Ref, file_path
from orchestrator.providers.memory import MemoryProvider
from orchestrator.reconcile.plan import Action, Change, FieldChange, Kept, Leftover, Plan, Who
from orchestrator.reporting.plan_markdown import plan_markdown
from orchestrator.reporting.plan_text import MOST_FILES, plan_text
from tests.reconcile.building import STORES, address, applied, assistant, planned, project, searcher, store

TUTOR = address("assistant.tutor")
PAPERS = address("vector_store.papers")
PROMPT = "You are a tutor.\nAsk before you tell.\nUse short sentences.\nBe kind.\nEnd."


def text(*changes, **more):
    return plan_text(Plan("tutoring", "local", changes, **more)).plain


def update(*fields, **more):
    return Change(TUTOR, Action.UPDATE, id="asst_1", fields=fields, **more)


def test_creates_with_what_is_known_after_apply():
    plan = planned(MemoryProvider(), project(searcher("tutor", "papers"), store()))
    assert (
        plan_text(plan).plain
        == """\
Create
  + vector_store.papers
      display_name: "papers"
  + assistant.tutor
      display_name: "tutor"
      model: "gpt-4o"
      tools.file_search: "file_search"
      tools.file_search.vector_stores: [vector_store.papers (known after apply)]

Plan: 2 to create, 0 to update, 0 to delete. 0 unchanged.
2 requests"""
    )


def test_every_mover_but_the_spec_is_named():
    fields = [
        FieldChange("model", "a", "b", Who.SPEC),
        FieldChange("temperature", 0.9, 0.2, Who.OUTSIDE),
        FieldChange("description", None, "new", Who.BOTH),
        FieldChange("top_p", 1, 0.5, Who.DEFAULT),
        FieldChange("metadata.team", "x", None, Who.SPEC),
    ]
    assert (
        text(update(*fields), Change(address("assistant.x"), Action.NOOP), requests=1)
        == """\
Update
  ~ assistant.tutor  asst_1
      ~ model: "a" -> "b"
      ~ temperature: 0.9 -> 0.2  (changed outside)
      + description: "new"  (changed in the spec and outside)
      ~ top_p: 1 -> 0.5  (the target went back to its default)
      - metadata.team: "x"

Plan: 0 to create, 1 to update, 0 to delete. 1 unchanged.
1 request"""
    )


def test_long_texts_are_compared_by_lines_or_words():
    sentence = "A tutor that is patient with everybody and never tells the answer at once"
    fields = [
        FieldChange("instructions", PROMPT, PROMPT.replace("short", "very short"), Who.OUTSIDE),
        FieldChange("description", sentence, sentence.replace("everybody", "everyone"), Who.SPEC),
        FieldChange("tools.quiz.parameters", {"type": "object", "x": ["a" * 60]}, {"type": "object"}, Who.SPEC),
    ]
    assert (
        text(update(*fields))
        == f"""\
Update
  ~ assistant.tutor  asst_1
      ~ instructions:  (changed outside)
        @@ -1,5 +1,5 @@
          You are a tutor.
          Ask before you tell.
        - Use short sentences.
        + Use very short sentences.
          Be kind.
          End.
      ~ description:
        A tutor that is patient with [-everybody-]{{+everyone+}} and never tells the answer at once
      ~ tools.quiz.parameters:
        @@ -1,6 +1,3 @@
          {{
        -   "type": "object",
        -   "x": [
        -     "{"a" * 60}"
        -   ]
        +   "type": "object"
          }}

Plan: 0 to create, 1 to update, 0 to delete. 0 unchanged.
0 requests"""
    )


def test_a_long_text_that_is_new_is_cut():
    prompt = "\n".join(f"line {number}" for number in range(20))
    change = Change(TUTOR, Action.CREATE, fields=(FieldChange("instructions", None, prompt, Who.SPEC),))
    shown = text(change).splitlines()
    assert shown[2:6] == ["      instructions:", "        line 0", "        line 1", "        line 2"]
    assert "        … 8 more lines" in shown
    assert "        line 12" not in shown


def file(number: int, old: str | None, new: str | None) -> FieldChange:
    def value(sha256: str | None) -> dict[str, object] | None:
        return None if sha256 is None else {"sha256": sha256 * 64, "attributes": {}, "chunking": {}}

    return FieldChange(file_path(f"docs/{number:03}.md"), value(old), value(new), Who.SPEC)


def test_of_very_many_files_some_are_shown_and_the_others_counted_by_what_becomes_of_them():
    change = Change(PAPERS, Action.CREATE, fields=tuple(file(number, None, "a") for number in range(2_000)))
    shown = text(change).splitlines()
    assert [line for line in shown if "docs/" in line][-1].startswith('      files["docs/019.md"]: ')
    assert "      … 1,980 more files: 1,980 added (--verbose names them)" in shown
    assert '      files["docs/999.md"]: ' in plan_text(Plan("tutoring", "local", (change,)), verbose=True).plain

    fields = [file(number, "a", "b") for number in range(30)]
    fields += [file(40, None, "c"), file(41, "d", None), file(50, None, "e"), file(51, "e", None)]
    shown = text(Change(PAPERS, Action.UPDATE, id="vs_1", fields=tuple(fields))).splitlines()
    assert sum("docs/" in line for line in shown) == MOST_FILES
    assert "      … 13 more files: 1 added, 10 changed, 1 removed, 1 renamed (--verbose names them)" in shown


def test_a_record_only_update_says_so():
    assert "      only orch's record on the object; what it does stays the same\n" in text(update())


def test_blocked_changes_stand_apart_with_their_reason():
    gone = Change(address("assistant.old"), Action.DELETE, id="asst_9", blocked_by="protected: do this")
    other = Change(address("assistant.x"), Action.DELETE, id="asst_8")
    assert (
        text(gone, other)
        == """\
Delete
  - assistant.x  asst_8

Blocked
  - assistant.old  asst_9
      delete blocked, protected: do this

Plan: 0 to create, 0 to update, 1 to delete. 0 unchanged. 1 blocked.
0 requests"""
    )


def test_what_specs_have_no_words_for_is_shown():
    kept = Kept(TUTOR, ("assistants.unknown.mood", "tools.unknown:tele\x1bpathy"))
    assert (
        text(kept=(kept,))
        == """\
Live, but specs cannot express it: it stays as it is
    assistant.tutor  assistants.unknown.mood, tools.unknown:tele\\x1bpathy

Nothing to do: nothing is declared.
0 requests"""
    )
    assert "<code>assistants.unknown.mood, " in plan_markdown(Plan("tutoring", "local", (), kept=(kept,)))


def test_leftovers_are_a_remark():
    assert (
        text(leftovers=(Leftover(address("assistant.old"), "asst_9"),))
        == """\
Live but no longer declared (--prune deletes them)
    assistant.old  asst_9

Nothing to do: nothing is declared.
0 requests"""
    )


def test_nothing_to_do_is_one_sentence():
    provider, resources = MemoryProvider(), project(assistant(), store())
    applied(provider, resources)
    assert (
        plan_text(planned(provider, resources)).plain
        == """\
Nothing to do: 2 resources are as declared.
2 requests"""
    )
    assert text(Change(TUTOR, Action.NOOP)).startswith("Nothing to do: 1 resource is as declared.")


def test_replacements_are_counted_where_there_are_any():
    replaced = Change(TUTOR, Action.REPLACE, id="asst_1")
    assert "0 to update, 1 to replace, 0 to delete" in text(replaced)


def test_live_text_cannot_steer_the_terminal():
    change = update(FieldChange("model", "a\x1b[2Jb", "c", Who.OUTSIDE), FieldChange("x", "\x1b\n", "\n", Who.OUTSIDE))
    assert "\x1b" not in text(change)


def test_a_reference_to_a_live_store_has_no_remark():
    papers = address("vector_store.papers")
    change = update(FieldChange(STORES, [], [Ref(papers)], Who.SPEC))
    assert "[] -> [vector_store.papers]\n" in text(change, ids={papers: "vs_1"})
