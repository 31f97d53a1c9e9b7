"""The module that touches files: what it promises of each operation."""

import errno
import os
import stat

import pytest

from persistence import StorageError, StorageFull, StorageReadOnly, files
from tests.persistence.faults import FaultyOs


@pytest.fixture
def faulty(monkeypatch):
    faulty = FaultyOs()
    monkeypatch.setattr(files, "os", faulty)
    return faulty


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
async def test_full_disk_has_its_own_error(tmp_path, faulty, number):
    """No space, no quota and a file at its limit are told apart from other refusals."""
    faulty.fail, faulty.number = {"pwrite"}, number
    with pytest.raises(StorageFull, match="cannot replace"):
        await files.replace(tmp_path / "a", [b"x"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["open", "pwrite", "fsync", "replace"])
async def test_refused_replace_leaves_the_old_file(tmp_path, faulty, call):
    """Before the name has changed, a refusal leaves the old content and nothing beside it."""
    (tmp_path / "a").write_bytes(b"old")
    faulty.fail = {call}
    with pytest.raises(StorageReadOnly if call == "fsync" else StorageError):
        await files.replace(tmp_path / "a", [b"new"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


async def test_failed_sync_is_told_though_the_rest_cannot_be_removed(tmp_path, faulty):
    """What failed first is what counts."""
    faulty.fail = {"fsync", "unlink"}
    with pytest.raises(StorageReadOnly):
        await files.replace(tmp_path / "a", [b"new"])


async def test_replace_syncs_file_name_and_folder_in_order(tmp_path, faulty):
    """The content is synced before the name changes, the folder after it, and the folder was open before."""
    await files.replace(tmp_path / "a", [b"n", b"ew"], 1000.0)
    assert faulty.calls == ["open", "open", "pwrite", "utime", "fsync", "replace", "fsync"]
    assert (tmp_path / "a").read_bytes() == b"new"
    assert (tmp_path / "a").stat().st_mtime == 1000.0
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


async def test_refused_append_in_place_puts_the_tail_back(tmp_path, faulty):
    """A write that breaks off in the middle leaves the file as it was."""
    path = tmp_path / "a"
    path.write_bytes(b"head tail")
    stamp = await files.stamp(path)
    assert stamp
    faulty.fail, faulty.short = len(faulty.calls) + 2, True
    with pytest.raises(StorageError):
        await files.overwrite_tail(path, 5, b"longer tail", expected=stamp)
    assert faulty.calls[faulty.fail] == "pwrite"
    assert path.read_bytes() == b"head tail"


async def test_append_in_place_never_creates(tmp_path):
    """A file that is gone stays gone."""
    with pytest.raises(StorageError):
        await files.overwrite_tail(tmp_path / "a", 0, b"x", expected=(0, 0, 0))
    assert list(tmp_path.iterdir()) == []


async def test_append_in_place_fills_up_and_syncs(tmp_path, faulty):
    """A shorter tail is filled up with spaces in one write, which is synced."""
    path = tmp_path / "a"
    path.write_bytes(b"head tail\n")
    stamp = await files.stamp(path)
    assert stamp
    del faulty.calls[:]
    after = await files.overwrite_tail(path, 5, b"t\n", expected=stamp)
    assert path.read_bytes() == b"head t   \n"
    assert faulty.calls == ["open", "pread", "pwrite", "fsync"]
    assert after == await files.stamp(path) != stamp


async def test_short_writes_are_gone_on_with(tmp_path, monkeypatch):
    """A system that writes three bytes at a time gets them all."""
    faulty = FaultyOs()
    real = os.pwrite
    faulty.__dict__["pwrite"] = lambda descriptor, data, offset: real(descriptor, data[:3], offset)
    monkeypatch.setattr(files, "os", faulty)
    await files.replace(tmp_path / "a", [b"0123456789"])
    await files.append(tmp_path / "a", b"abcdefgh")
    assert (tmp_path / "a").read_bytes() == b"0123456789abcdefgh"


async def test_removal_is_synced(tmp_path, faulty):
    """A durable removal syncs the folder; what was not there is not named."""
    (tmp_path / "a").touch()
    assert await files.remove(tmp_path / "a", tmp_path / "b", tmp_path / "no" / "c") == ["a"]
    assert faulty.calls.count("fsync") == 1
    faulty.fail = {"fsync"}
    (tmp_path / "a").touch()
    with pytest.raises(StorageReadOnly):
        await files.remove(tmp_path / "a")


async def test_folders_are_made_for_their_owner_and_synced(tmp_path, faulty):
    """Each folder on the way is made, for the owner only, and its name is synced."""
    path = tmp_path / "a" / "b"
    await files.make_folder(path)
    assert faulty.calls.count("fsync") == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    await files.make_folder(path)
    assert faulty.calls.count("fsync") == 2
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        await files.make_folder(tmp_path / "file" / "x")


async def test_listing_passes_over_what_vanishes(tmp_path, monkeypatch):
    """A file that goes while the folder is listed does not hide the others; no folder is an empty one."""
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    (tmp_path / "folder").mkdir()
    faulty = FaultyOs()

    def scandir(path):
        entries = list(os.scandir(path))
        (tmp_path / "b").unlink()
        return entries

    faulty.__dict__["scandir"] = scandir
    monkeypatch.setattr(files, "os", faulty)
    assert list(await files.list_folder(tmp_path)) == ["a"]
    assert await files.list_folder(tmp_path / "no") == {}


async def test_refused_copy_leaves_nothing_in_the_quarantine(tmp_path, faulty):
    """A copy that could not be made whole is not kept."""
    (tmp_path / "a").write_bytes(b"x")
    faulty.fail = {"pwrite"}
    with pytest.raises(StorageError):
        await files.set_aside(tmp_path / "a", tmp_path / "quarantine", keep=True)
    assert list((tmp_path / "quarantine").iterdir()) == []
    assert (tmp_path / "a").exists()


def test_secret_stays_the_same(tmp_path, faulty):
    """A secret is made once, synced with its name, and is its owner's alone."""
    secret = files.read_or_create_secret(tmp_path / "secret")
    assert len(secret) == 64
    assert faulty.calls.count("fsync") == 2
    assert files.read_or_create_secret(tmp_path / "secret") == secret
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert files.read_or_create_secret(tmp_path / "other") != secret


def test_empty_secret_is_made_anew(tmp_path):
    """A crash between the name and its content leaves no secret that anybody could guess."""
    (tmp_path / "secret").touch()
    assert len(files.read_or_create_secret(tmp_path / "secret")) == 64


def test_secret_that_cannot_be_made_is_told(tmp_path):
    """A refusal is an error of the store like any other."""
    with pytest.raises(StorageError, match="cannot create"):
        files.read_or_create_secret(tmp_path / "no" / "secret")
