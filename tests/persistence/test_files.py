"""The module that touches files: what it promises of each operation."""

import errno
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persistence import DirectoryInUse, Disk, StorageError, StorageFull, StorageReadOnly, read_or_create_secret
from persistence.files import Files
from tests.persistence.faults import Faults, FaultyDisk


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def files(faults):
    return Files(FaultyDisk(faults))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
async def test_full_disk_has_its_own_error(files, faults, tmp_path, number):
    """No space, no quota and a file at its limit are told apart from other refusals."""
    faults.fail, faults.number = {"write"}, number
    with pytest.raises(StorageFull, match="cannot replace"):
        await files.replace(tmp_path / "a", [b"x"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["open", "open_folder", "write", "sync", "rename"])
async def test_refused_replace_leaves_the_old_file(files, faults, tmp_path, call):
    """Before the name has changed, a refusal leaves the old content and nothing beside it."""
    (tmp_path / "a").write_bytes(b"old")
    faults.fail = {call}
    with pytest.raises(StorageReadOnly if call == "sync" else StorageError):
        await files.replace(tmp_path / "a", [b"new"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


async def test_failed_sync_is_told_though_the_rest_cannot_be_removed(files, faults, tmp_path):
    """What failed first is what counts."""
    faults.fail = {"sync", "unlink"}
    with pytest.raises(StorageReadOnly):
        await files.replace(tmp_path / "a", [b"new"])


async def test_replace_syncs_file_name_and_folder_in_order(files, faults, tmp_path):
    """The content is synced before the name changes, the folder after it, and the folder was open before."""
    await files.replace(tmp_path / "a", [b"n", b"ew"], 1000.0)
    made = ["open_folder", "open", "write", "write", "set_modified", "sync", "stamp"]
    assert faults.calls == [*made, "rename", "sync"]
    assert (tmp_path / "a").read_bytes() == b"new"
    assert (tmp_path / "a").stat().st_mtime == 1000.0
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


async def test_short_writes_are_gone_on_with(tmp_path):
    """A system that writes three bytes at a time gets them all."""

    class ShortDisk(Disk):
        def write(self, descriptor: int, data: bytes, offset: int) -> int:
            return super().write(descriptor, data[:3], offset)

    await Files(ShortDisk()).replace(tmp_path / "a", [b"0123456789", b"abcdefgh"])
    assert (tmp_path / "a").read_bytes() == b"0123456789abcdefgh"


async def test_short_reads_are_gone_on_with(tmp_path):
    """A system that reads three bytes at a time gives the whole file."""

    class ShortDisk(Disk):
        def read(self, descriptor: int, size: int, offset: int) -> bytes:
            return super().read(descriptor, min(size, 3), offset)

    (tmp_path / "a").write_bytes(b"0123456789")
    found = await Files(ShortDisk()).read(tmp_path / "a")
    assert found == (b"0123456789", Disk().stamp(tmp_path / "a"))


async def test_removal_is_synced(files, faults, tmp_path):
    """A durable removal syncs the folder; what was not there is not named."""
    (tmp_path / "a").touch()
    assert await files.remove(tmp_path / "a", tmp_path / "b", tmp_path / "no" / "c") == ["a"]
    assert faults.calls.count("sync") == 1
    faults.fail = {"sync"}
    (tmp_path / "a").touch()
    with pytest.raises(StorageReadOnly):
        await files.remove(tmp_path / "a")


async def test_folder_that_is_there_has_its_name_synced(files, faults, tmp_path):
    """Whoever has made it may have died ahead of the sync; where its parent is not ours, it is taken as it is."""
    await files.make_folder(tmp_path)
    assert faults.calls == ["open_folder", "sync"]
    faults.fail, faults.number = {"open_folder"}, errno.EACCES
    await files.make_folder(tmp_path)


async def test_folders_are_made_for_their_owner_and_synced(files, faults, tmp_path):
    """Each folder on the way is made, for its owner only, and its name synced; that of the one that was there too."""
    path = tmp_path / "a" / "b"
    await files.make_folder(path)
    assert faults.calls.count("sync") == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        await files.make_folder(tmp_path / "file" / "x")


async def test_listing_passes_over_folders_and_what_is_not_there(files, tmp_path):
    """Files are listed with their time of change; names come sorted, and no folder is an empty one."""
    for name in ("b", "a"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    found = files.disk.modified(tmp_path)
    assert found == {name: (tmp_path / name).stat().st_mtime for name in ("a", "b")}
    assert await files.names(tmp_path) == ["a", "b", "broken", "folder"]
    assert await files.names(tmp_path / "no") == []


async def test_stamp_differs_after_any_change(files, tmp_path):
    """Another time, another length or another file has another stamp; no file has none."""
    path = tmp_path / "a"
    assert await files.stamp(path) is None
    stamps = []
    changes: list[Callable[[Path], Any]] = [
        lambda path: path.write_bytes(b"a"),
        lambda path: path.write_bytes(b"ab"),
        lambda path: (tmp_path / "b").write_bytes(b"ab"),
        lambda path: (tmp_path / "b").replace(path),
    ]
    for change in changes:
        change(path)
        stamps.append(await files.stamp(path))
    assert stamps[1] == stamps[2]
    assert len(set(stamps)) == 3


async def test_folder_is_locked_for_one(files, tmp_path):
    """The second who wants a folder is told so, until the first gives it back."""
    lock = await files.lock_folder(tmp_path)
    with pytest.raises(DirectoryInUse):
        await files.lock_folder(tmp_path)
    files.disk.close(lock)
    files.disk.close(await files.lock_folder(tmp_path))


async def test_folder_that_cannot_be_locked_is_told(files, faults, tmp_path):
    """A directory on a file system that is read-only is an error of the store."""
    faults.fail, faults.number = {"open"}, errno.EROFS
    with pytest.raises(StorageError, match="Read-only"):
        await files.lock_folder(tmp_path)


async def test_copies_are_forgotten_by_many_at_once(files, faults, tmp_path):
    """Who removes a copy that somebody else is removing too goes on; other files' copies stay."""
    for name in ("a.1", "a.2", "b.1"):
        (tmp_path / name).touch()
    faults.before = lambda name, *args: (tmp_path / "a.2").unlink(missing_ok=True) if name == "unlink" else None
    await files.forget_copies(tmp_path, ["a"])
    assert [path.name for path in tmp_path.iterdir()] == ["b.1"]
    assert await files.forget_copies(tmp_path / "no", ["a"]) == []


async def test_refused_copy_leaves_nothing_in_the_quarantine(files, faults, tmp_path):
    """A copy that could not be made whole is not kept."""
    (tmp_path / "a").write_bytes(b"x")
    faults.fail = {"write"}
    with pytest.raises(StorageError):
        await files.set_aside(tmp_path / "a", tmp_path / "quarantine", keep=True)
    assert list((tmp_path / "quarantine").iterdir()) == []
    assert (tmp_path / "a").exists()


def test_secret_stays_the_same(tmp_path):
    """A secret is made once, and is its owner's alone."""
    secret = read_or_create_secret(tmp_path / "secret")
    assert len(secret) == 64
    assert read_or_create_secret(tmp_path / "secret") == secret
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert read_or_create_secret(tmp_path / "other") != secret


@pytest.mark.parametrize("left", [b"", bytes(64)])
def test_empty_secret_is_made_anew(tmp_path, left):
    """A crash between the name and its content, which may leave zeros, does not make one to guess."""
    (tmp_path / "secret").write_bytes(left)
    secret = read_or_create_secret(tmp_path / "secret")
    assert bytes.fromhex(secret.decode()) != bytes(32)
    assert (tmp_path / "secret").read_bytes() == secret


def test_secret_that_cannot_be_made_is_told(tmp_path):
    """A refusal is an error of the store like any other."""
    with pytest.raises(StorageError, match="cannot create"):
        read_or_create_secret(tmp_path / "no" / "secret")
