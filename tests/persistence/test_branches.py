"""The messages of a session as a tree."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import MessageNotFound
from persistence.branches import (
    Branch,
    Tree,
    alternatives,
    drop,
    fork,
    show,
    siblings,
    with_history,
)
from persistence.model import Message
from tests.persistence.places import contents


def made(name: str) -> Message:
    """A message; a later letter is a later time."""
    return {"role": "user", "content": name, "id": name, "created_at": f"2026-01-01T00:00:00.{name}Z"}


def tree_of(shown: str, *runs: tuple[str | None, str]) -> Tree:
    return Tree(list(map(made, shown)), [Branch(after, list(map(made, run))) for after, run in runs])


def shape(tree: Tree) -> tuple[str, list[tuple[str | None, str]]]:
    """The tree in letters."""
    runs = [(branch.after, "".join(contents(branch.messages))) for branch in tree.branches]
    return "".join(contents(tree.history)), runs


def places(tree: Tree) -> dict[str, str | None]:
    """By message, the one before it."""
    found: dict[str, str | None] = {}
    for branch in [Branch(None, tree.history), *tree.branches]:
        before = branch.after
        for message in branch.messages:
            found[message["id"]] = before
            before = message["id"]
    return found


def test_what_a_fork_cuts_is_a_branch():
    """What stood behind the message hangs on it, and is not shown."""
    assert shape(fork(tree_of("abcd"), "b")) == ("ab", [("b", "cd")])


def test_a_fork_at_the_beginning_shows_nothing():
    """All of it hangs on nothing."""
    assert shape(fork(tree_of("ab"), None)) == ("", [(None, "ab")])


def test_a_fork_at_the_end_changes_nothing():
    """There is nothing to cut."""
    assert shape(fork(tree_of("ab", ("a", "c")), "b")) == ("ab", [("a", "c")])


def test_a_fork_behind_a_message_of_a_branch_shows_the_way_to_it():
    """The branch is taken up to the message; its rest hangs on that."""
    assert shape(fork(tree_of("ab", ("a", "cde")), "d")) == ("acd", [("a", "b"), ("d", "e")])


def test_a_shown_message_takes_its_newest_end_with_it():
    """Of what hangs on the message, the way to the newest end is shown."""
    tree = tree_of("ab", ("a", "cd"), ("d", "e"), ("d", "fg"))
    assert shape(show(tree, "c")) == ("acdfg", [("a", "b"), ("d", "e")])


def test_a_message_that_is_shown_stays_as_it_is():
    """Nothing else comes into sight."""
    tree = tree_of("ab", ("a", "c"))
    assert show(tree, "a") is tree


def test_runs_without_a_fork_between_them_are_one():
    """When what forked them is shown no more, they are one run."""
    tree = tree_of("ab", ("b", "c"), (None, "x"))
    assert shape(show(tree, "x")) == ("x", [(None, "abc")])


def test_a_dropped_message_leaves_what_hung_on_it():
    """It hangs on the message before."""
    assert shape(drop(tree_of("abc", ("b", "d")), "b")) == ("ac", [("a", "d")])
    assert shape(drop(tree_of("ab", ("a", "cd"), ("c", "e")), "c")) == ("ab", [("a", "d"), ("a", "e")])
    assert shape(drop(tree_of("ab", ("a", "c")), "b")) == ("a", [("a", "c")])


def test_siblings_are_in_the_order_of_their_time():
    """Which of them is shown makes no difference."""
    tree = tree_of("ac", ("a", "d"), ("a", "b"))
    assert siblings(tree, "c") == siblings(tree, "d") == ["b", "c", "d"]
    assert siblings(tree, "a") == ["a"]


@pytest.mark.parametrize("step", [fork, show, drop, siblings])
def test_a_message_that_there_is_not_is_refused(step):
    """Nothing else is done."""
    with pytest.raises(MessageNotFound):
        step(tree_of("ab"), "x")


def test_alternatives_are_found_from_a_part_of_the_path():
    """Only places that have more than one are named."""
    tree = tree_of("abd", ("a", "c"), (None, "x"))
    assert alternatives(tree.branches, {"a": made("b"), "b": made("d")}) == {"b": ["b", "c"]}
    assert alternatives(tree.branches, {None: made("a")}) == {"a": ["a", "x"]}


def test_another_history_keeps_the_branches():
    """A branch behind a message that is gone hangs on the last one before it that is left."""
    tree = tree_of("abc", ("b", "d"), ("d", "e"), ("c", "f"), (None, "g"))
    changed = with_history(tree, [made("a"), made("c"), made("h")])
    assert places(changed) == {"a": None, "c": "a", "h": "c", "d": "a", "e": "d", "f": "c", "g": None}


def test_messages_without_ids_keep_the_names_of_their_places():
    """A plain file's third message is msg_2 before and after."""
    plain: list[Message] = [{"role": "user", "content": letter} for letter in "abc"]
    forked = fork(Tree(plain), "msg_1")
    assert shape(forked) == ("ab", [("msg_1", "c")])
    assert [message["id"] for message in forked.messages()] == ["msg_0", "msg_1", "msg_2"]


@pytest.mark.parametrize(
    "branches",
    [
        [Branch("nobody", [made("c")])],
        [Branch("c", [made("c")])],
        [Branch("d", [made("c")]), Branch("c", [made("d")])],
        [Branch("b", [made("b")])],
        [Branch("d", [made("c")]), Branch("nobody", [made("d")])],
        [Branch("a", [])],
    ],
)
def test_what_a_person_wrote_is_a_tree_all_the_same(branches):
    """A branch that hangs on nothing begins at the beginning; a message that comes twice has two ids."""
    tree = Tree([made("a"), made("b")], branches)
    shown = fork(tree, "a")
    found = places(shown)
    assert len(found) == len(list(shown.messages())) == len(list(tree.messages()))
    assert sorted(contents(shown.messages())) == sorted(contents(tree.messages()))
    assert all(before is None or before in found for before in found.values())
    assert set(path_lengths(found)) <= set(range(1, 5))


def path_lengths(found: dict[str, str | None]) -> Iterator[int]:
    for start in found:
        at: str | None = start
        length = 0
        while at is not None:
            at = found[at]
            length += 1
            assert length <= len(found)
        yield length


steps = st.lists(
    st.tuples(st.sampled_from(["fork", "show", "append", "drop"]), st.integers(0, 30), st.integers(0, 9)), max_size=25
)


def taken(some: Sequence[tuple[str, int, int]]) -> Iterator[tuple[str, Tree, Tree, str | None]]:
    """Takes steps from a short history; yields each with the tree before it and behind it."""
    tree, number = tree_of("ab"), 0
    for name, which, second in some:
        ids = [message["id"] for message in tree.messages()]
        target = ids[which % len(ids)] if ids else None
        before = tree
        if name == "append":
            number += 1
            message: Message = {"role": "user", "content": "", "id": f"m{number}", "created_at": str(second)}
            tree = Tree([*tree.history, message], tree.branches)
            target = message["id"]
        elif name == "fork":
            target = None if which == 30 else target
            tree = fork(tree, target)
        elif target is not None:
            tree = show(tree, target) if name == "show" else drop(tree, target)
        yield name, before, tree, target


@given(steps)
def test_no_message_is_lost_or_doubled_or_moved(some):
    """Forks and shows move no message; an append adds one behind the last; a drop takes one out of its place."""
    for name, before, after, target in taken(some):
        was, now = places(before), places(after)
        assert len(now) == len(list(after.messages()))
        if name in ("fork", "show"):
            assert now == was
        elif name == "append" and target is not None:
            assert now == was | {target: before.history[-1]["id"] if before.history else None}
        elif target is not None:
            assert now == {id: was[target] if place == target else place for id, place in was.items() if id != target}


@given(steps)
def test_the_shown_path_goes_through_what_was_asked_for(some):
    """A fork's ends there; a show's ends where nothing hangs on."""
    for name, before, after, target in taken(some):
        shown = [message["id"] for message in after.history]
        if name == "fork":
            assert (shown[-1] if shown else None) == target
        elif name == "show" and target is not None:
            assert target in shown
            assert before.history == after.history or shown[-1] not in places(after).values()


@given(steps, st.integers(0, 30))
def test_a_path_that_is_shown_again_is_as_it_was(some, which):
    """To another message and back to the end of the path: the same tree, in the same form."""
    tree = tree_of("ab")
    for _, _, tree, _ in taken(some):  # noqa: B007
        pass
    ids = [message["id"] for message in tree.messages()]
    if not ids:
        return
    tree = show(fork(tree, None), ids[which % len(ids)])
    for other in ids:
        assert show(show(tree, other), tree.history[-1]["id"]) == tree


@given(steps)
def test_alternatives_are_the_siblings(some):
    """What a page says from its part of the path is what the whole tree says."""
    for _, _, tree, _ in taken(some):
        befores = [None, *(message["id"] for message in tree.history)]
        said = alternatives(tree.branches, dict(zip(befores, tree.history, strict=False)))
        for message in tree.history:
            alike = siblings(tree, message["id"])
            assert said.get(message["id"], [message["id"]]) == alike
