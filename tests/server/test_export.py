"""A session as Markdown and as JSON, and what its file is called."""

import json
from dataclasses import replace
from typing import Any

import pytest

from persistence import Branch, Record, Settings, Tree
from server.transcript import transcript
from server.wire_export import archive_name, attachment, conversation_json, file_name
from tests.server.frames import check_conversation, check_item

AT = "2024-01-31T12:34:56.000000Z"
HISTORY: list[Any] = [
    {"role": "user", "content": "Is *tea* good?", "id": "msg_1", "created_at": AT},
    {
        "role": "assistant",
        "content": "Yes.\n",
        "id": "msg_2",
        "created_at": AT,
        "model": "scribe",
        "status": "incomplete",
        "reason": "cancelled",
        "reasoning": "Let me see.",
    },
]


def session(**metadata):
    return replace(Record.fresh("abc", "ann", metadata), created_at=AT, settings=Settings("Be brief.\nSay why."))


def test_transcript_is_read_as_it_was_said():
    """Who, when, the words untouched, what was thought folded away, and how an answer ended."""
    text = "".join(transcript(session(title="Tea"), Tree(HISTORY)))
    assert text == (
        "# Tea\n\nInstructions:\n\n> Be brief.\n> Say why.\n\n"
        "## You · 2024-01-31 12:34 UTC\n\nIs *tea* good?\n\n"
        "## Assistant · scribe · 2024-01-31 12:34 UTC\n\n"
        "<details>\n<summary>Reasoning</summary>\n\nLet me see.\n\n</details>\n\nYes.\n\n*(stopped)*\n"
    )


def test_transcript_of_a_plain_file():
    """A history without times, ids or a title is a transcript too; one with branches says that there is more."""
    plain: list[Any] = [
        {"role": "user", "content": "a", "created_at": 5},
        {"role": "robot", "content": "b", "status": 5},
    ]
    text = "".join(transcript(Record.fresh("abc", "ann"), Tree(plain, [Branch(None, [HISTORY[0]])])))
    assert text.startswith("# Chat\n\n## You\n\na\n\n## robot\n\nb\n\n*(incomplete)*\n")
    assert text.endswith("Other versions of this chat are not shown here; the JSON export has them.\n")


def test_failed_answer_says_why():
    """The reason stands where the words end."""
    failed: Any = {**HISTORY[1], "status": "failed", "error": {"code": "upstream_cut", "message": "It broke off."}}
    assert "*(failed: It broke off.)*" in "".join(transcript(session(), Tree([failed])))


@pytest.mark.parametrize("branches", [(), (Branch("msg_1", [HISTORY[1]]), Branch(None, HISTORY))])
def test_json_has_everything(branches):
    """All items of all paths, one a line, in the wire's own words."""
    data = b"".join(conversation_json(session(title="Tea"), Tree(HISTORY, branches), AT))
    value = json.loads(data)
    assert (value["object"], value["exported_at"]) == ("conversation.export", 1706704496)
    check_conversation(value["conversation"])
    assert value["conversation"]["verbatim:settings"] == {"instructions": "Be brief.\nSay why."}
    for item in value["items"]:
        check_item(item)
    assert [item["id"] for item in value["items"]] == ["msg_1", "msg_2"]
    others = [(one["verbatim:after"], [item["id"] for item in one["items"]]) for one in value["verbatim:branches"]]
    assert others == [(branch.after, [message["id"] for message in branch.messages]) for branch in branches]
    assert data.count(b"\n") >= len(HISTORY)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Tea for two", "2024-01-31 Tea for two.md"),
        ("../../etc/passwd", "2024-01-31 etc passwd.md"),
        ('a\r\nb"c', "2024-01-31 a b c.md"),
        ("", "2024-01-31 abc.md"),
        (5, "2024-01-31 abc.md"),
        ("x" * 500, f"2024-01-31 {'x' * 60}.md"),
    ],
)
def test_file_is_called_like_its_session(title, name):
    """A title becomes a name that every file system takes, and that stays in its folder."""
    assert file_name(session(title=title), "md") == name
    assert archive_name(session(title=title), "md") == f"chats/{name.removesuffix('.md')} abc.md"


@pytest.mark.parametrize("title", ["\U0001f375" * 100, "茶" * 100, "x" * 100, ""])
@pytest.mark.parametrize("session_id", ["abc", "a" * 77, "b" * 128])
def test_name_is_no_longer_than_files_may_have_it(title, session_id):
    """Counted as file systems do; a character is there whole or not at all, and the id whole."""
    record = replace(Record.fresh(session_id, "ann", {"title": title}), created_at=AT)
    for name in (file_name(record, "json"), archive_name(record, "json").removeprefix("chats/")):
        assert len(name.encode()) <= 255
        assert name.startswith(f"2024-01-31 {title[:20] or session_id[:77]}")
        assert name.endswith(".json")
    assert archive_name(record, "json").endswith(f" {session_id}.json")


def test_header_names_the_file():
    """In ASCII for old readers, whole for others; nothing in it ends the header."""
    assert attachment("Tee für 2.md") == "attachment; filename=\"Tee f_r 2.md\"; filename*=UTF-8''Tee%20f%C3%BCr%202.md"
    assert "\n" not in attachment("a\nb")
