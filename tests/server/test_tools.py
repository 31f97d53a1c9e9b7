"""The command line of the tools: what is printed where, and with which status it ends."""

import asyncio
import io
import json
import logging
import time

import pytest

from persistence import FileStore, Message, Record, SessionService
from server.__main__ import main
from server.config import TOOLS
from server.tools import ProgressLine

AT = "2026-01-02T03:04:05.000000Z"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """The tester's own settings are out of the way, and logging stays as it is."""
    monkeypatch.setattr(logging, "basicConfig", lambda **options: None)
    for name in ("VERBATIM_DATA_DIR", "VERBATIM_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def data(tmp_path):
    """A data directory with one session."""
    folder = tmp_path / "data"
    asyncio.run(_fill(folder))
    return folder


async def _fill(folder):
    store = FileStore(folder)
    await store.open()
    await store.create(Record("s", "ann", AT, AT), [{"role": "user", "content": "hello"}])
    await store.close()


async def _held(folder, work):
    store = FileStore(folder)
    await store.open()
    try:
        return await asyncio.to_thread(work)
    finally:
        await store.close()


def test_verify_of_a_whole_directory(data, capsys):
    """A summary and 0."""
    assert main(["verify", str(data)]) == 0
    assert capsys.readouterr() == (f"{data}: 0 damaged places, 0 notes\n", "")


def test_verify_of_a_damaged_directory(data, capsys):
    """A line for each finding, a summary and 1."""
    (data / "session_s.json").write_text("{")
    (data / "notes.txt").touch()
    assert main(["verify", str(data)]) == 1
    note, damage, summary = capsys.readouterr().out.splitlines()
    assert note == "notes.txt: unknown; it is left alone"
    assert damage.startswith("session_s.json: not a session file")
    assert summary == f"{data}: 1 damaged place, 1 note"


def test_verify_beside_a_server(data, capsys):
    """It says so in one line that names the way out, and ends with 2."""
    assert asyncio.run(_held(data, lambda: main(["verify", str(data)]))) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "in use by another server" in err
    assert err.endswith("; verify a backup instead\n")


def test_repair_of_a_damaged_directory(data, capsys):
    """What was done, a summary and 0; then verifying is content."""
    text = (data / "session_s.json").read_text()
    (data / "session_s.json").write_text(text[:-20])
    assert main(["repair", str(data)]) == 0
    done, summary = capsys.readouterr().out.splitlines()
    assert done.startswith("session_s.json: not a session file")
    assert "; mended; as it was: quarantine/session_s.json." in done
    assert summary == f"{data}: 1 thing done, 0 damaged places left"
    assert main(["verify", str(data)]) == 0


def test_repair_that_cannot_mend_everything(data, capsys):
    """What is damaged still is said, and it ends with 1."""
    (data / "session_x.json").mkdir()
    assert main(["repair", str(data)]) == 1
    assert "session_x.json: cannot be read" in capsys.readouterr().out


def test_backup_and_a_second_one_to_the_same_place(data, tmp_path, capsys):
    """The first says what is in it; the second one is refused in one line."""
    copy = tmp_path / "copy"
    assert main(["backup", str(data), str(copy)]) == 0
    assert capsys.readouterr() == (f"{copy}: 1 file, with 0 entries of the journal\n", "")
    assert main(["verify", str(copy)]) == 0
    capsys.readouterr()
    assert main(["backup", str(data), str(copy)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"verbatim: cannot back up to {copy}: expected a new or an empty directory\n"


def test_names_that_are_no_text(data, tmp_path, capsys):
    """A file whose name is no UTF-8 is named all the same."""
    (data / "\udcff.txt").touch()
    assert main(["verify", str(data)]) == 0
    assert main(["backup", str(data), str(tmp_path / "copy")]) == 0
    out = capsys.readouterr().out
    assert "\\udcff.txt: unknown; it is left alone\n" in out
    assert "\\udcff.txt: unknown; left out\n" in out


def test_backup_of_what_cannot_be_read(data, tmp_path, capsys):
    """The error names the file, and there is no copy."""
    (data / "session_x.json").mkdir()
    assert main(["backup", str(data), str(tmp_path / "copy")]) == 1
    assert f"cannot copy {data}/session_x.json: " in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_stats_for_people(data, capsys):
    """Figures with their units."""
    assert main(["stats", str(data)]) == 0
    out = capsys.readouterr().out
    assert "1 of 1 user, 1 message\n" in out
    assert "  s  of ann, since 2026-01-02: 1 message" in out
    assert "  ann: 1 session" in out


def test_stats_for_machines(data, capsys):
    """One JSON object with plain figures."""
    assert main(["stats", "--json", str(data)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sessions"], found["messages"], found["top_users"]) == (1, 1, [["ann", 1]])
    assert found["largest"][0]["session_id"] == "s"


def spend(folder, user_id, micros=None, beside=None, **more):
    """A session of a user's in which an answer has used something."""
    usage: dict[str, object] = {"input_tokens": 1000, "output_tokens": 20, **more}
    if micros is not None:
        usage["cost"] = {"micros": micros, "currency": "EUR"}
    answer: Message = {"role": "assistant", "content": "a", "response_id": "resp_1", "usage": usage}

    async def fill():
        store = FileStore(folder, search_delay_s=None)
        await store.open()
        session = await SessionService(store).create(user_id)
        await store.append(session.session_id, [answer])
        if beside:
            await store.update(session.session_id, lambda record: record.having_spent_beside(beside))
        await store.close()

    asyncio.run(fill())


def test_stats_tell_what_was_spent(data, capsys):
    """In all and by user, exactly, and how much of it is estimated; where nothing was spent nothing is said of it."""
    main(["stats", str(data)])
    assert "spent" not in capsys.readouterr().out
    spend(data, "ben", 1_234_567)
    spend(data, "ann", 5, estimated=True)
    spend(data, "ann")
    assert main(["stats", str(data)]) == 0
    out = capsys.readouterr().out
    assert "spent           3,000 tokens in, 60 out, 1.234572 EUR, in 3 answers (1 estimated)\n" in out
    assert "  ann: 2,000 tokens in, 40 out, 0.000005 EUR, in 2 answers (1 estimated)\n" in out
    assert "  ben: 1,000 tokens in, 20 out, 1.234567 EUR, in 1 answer" in out
    main(["stats", "--json", str(data)])
    found = json.loads(capsys.readouterr().out)
    assert list(found["spent_by_user"]) == ["ann", "ben"]
    assert found["spent_by_user"]["ann"] == {
        "input_tokens": 2000,
        "output_tokens": 40,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "responses": 2,
        "estimated": 1,
        "costs": {"EUR": 5},
    }
    assert (found["spent"]["responses"], found["spent"]["costs"]) == (3, {"EUR": 1_234_572})


def test_stats_tell_apart_what_was_spent_beside_the_turns(data, capsys):
    """It is in no answer's sum, and of each user it is told too."""
    spend(data, "ann")
    main(["stats", str(data)])
    assert "beside" not in capsys.readouterr().out
    spend(data, "ann", beside={"input_tokens": 9, "output_tokens": 1, "cost": {"micros": 4, "currency": "EUR"}})
    main(["stats", str(data)])
    out = capsys.readouterr().out
    assert "spent           2,000 tokens in, 40 out, in 2 answers\n" in out
    assert "beside turns    9 tokens in, 1 out, 0.000004 EUR, in 1 request\n" in out
    users = "users for whom most was spent beside turns\n  ann: 9 tokens in, 1 out, 0.000004 EUR, in 1 request\n"
    assert out.endswith(users)
    main(["stats", "--json", str(data)])
    found = json.loads(capsys.readouterr().out)
    assert found["spent_beside_by_user"] == {"ann": found["spent_beside"]}
    assert (found["spent_beside"]["responses"], found["spent_by_user"]["ann"]["responses"]) == (1, 2)


def test_stats_show_ten_spenders(data, capsys):
    """For people; machines get all of them."""
    for number in range(12):
        spend(data, f"user{number:02}", output_tokens=number)
    main(["stats", str(data)])
    out = capsys.readouterr().out
    assert "users who have spent most\n  user11: 1,000 tokens in, 11 out, in 1 answer\n" in out
    assert "  user01:" not in out.partition("users who have spent most")[2]
    assert out.endswith("  and 2 others: see --json\n")
    main(["stats", "--json", str(data)])
    assert len(json.loads(capsys.readouterr().out)["spent_by_user"]) == 12


@pytest.mark.parametrize("arguments", [["verify"], ["repair"], ["stats"], ["backup", "copy"]])
def test_directory_is_the_configured_one(data, arguments, monkeypatch, tmp_path, capsys):
    """Without DATA it is that of the settings."""
    monkeypatch.setenv("VERBATIM_DATA_DIR", str(data))
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 0


@pytest.mark.parametrize("arguments", [["verify", "no"], ["repair", "no"], ["stats", "no"], ["backup", "no", "copy"]])
def test_missing_directory(arguments, monkeypatch, tmp_path, capsys):
    """One line and 2; nothing is made."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", "verbatim: there is no data directory no\n")
    assert list(tmp_path.iterdir()) == []


def test_bad_setting(monkeypatch, capsys):
    """A setting that cannot be used is one line, as it is for the server."""
    monkeypatch.setenv("VERBATIM_PORT", "many")
    assert main(["verify"]) == 2
    assert "VERBATIM_PORT='many'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["verify", "a", "b"], ["backup"], ["stats", "--what"]])
def test_wrong_arguments(arguments, capsys):
    """Usage and 2."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: verbatim" in capsys.readouterr().err


def test_help_shows_the_tools(capsys):
    """The server's help names each tool with what it does, and each tool has a help of its own."""
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for name, what in TOOLS.items():
        assert f"verbatim {name}: {what}." in shown
        with pytest.raises(SystemExit):
            main([name, "--help"])
        assert what in " ".join(capsys.readouterr().out.split())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when they are told to."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_progress_on_a_terminal_is_one_line(clock):
    """A counter from the first second on, that is written over and goes before output comes."""
    out = Terminal()
    progress = ProgressLine(out)
    for at in (0.9, 1.0, 1.05, 1.2):
        clock[0] = at
        progress("verified", int(at * 100), 1000)
    progress.clear()
    progress.clear()
    assert out.getvalue() == "\rverified 100 of 1,000\x1b[K\rverified 120 of 1,000\x1b[K\r\x1b[K"


def test_progress_elsewhere_is_a_line_now_and_then(clock):
    """Plain lines, seconds apart."""
    out = io.StringIO()
    progress = ProgressLine(out)
    for at in (0.5, 1.5, 3.0, 6.5):
        clock[0] = at
        progress("copied", int(at * 10), 100)
    progress.clear()
    assert out.getvalue() == "copied 15 of 100\ncopied 65 of 100\n"
