from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.crypto import FileCipher
from backend.domain.errors import DomainError, NotFoundError, UnavailableError
from backend.storage.local import LocalPhotoStore

PHOTO = b"a photo of nobody" * 100
KEY = hashlib.sha256(PHOTO).hexdigest()
#: Later than anything a test writes.
_NOW = datetime(9999, 1, 1, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def store(root: Path) -> LocalPhotoStore:
    return LocalPhotoStore(root)


def where(root: Path, key: str = KEY) -> Path:
    return root / key[:2] / key[2:4] / key


def code_of(error: pytest.ExceptionInfo[DomainError]) -> str:
    return error.value.code


def test_what_was_put_is_got_under_its_digest(store: LocalPhotoStore) -> None:
    assert store.put(PHOTO) == KEY
    assert store.get(KEY) == PHOTO


def test_putting_twice_keeps_one_file_and_renews_its_time(
    store: LocalPhotoStore, root: Path
) -> None:
    store.put(PHOTO)
    os.utime(where(root), (0, 0))
    store.put(PHOTO)
    (file,) = store.files()
    assert (file.key, file.size_bytes) == (KEY, len(PHOTO))
    assert file.modified_at.year > 1970


def test_deleting_is_final_and_may_be_repeated(store: LocalPhotoStore) -> None:
    store.put(PHOTO)
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(NotFoundError) as error:
        store.get(KEY)
    assert code_of(error) == "file_not_found"
    assert list(store.files()) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "../../etc/passwd",
        "/etc/passwd",
        KEY.upper(),
        KEY[:-1],
        KEY + "\n",
        KEY + "0",
        f"{KEY}\0",
        "٠" * 64,
        f"../{KEY[3:]}",
    ],
)
def test_only_digests_are_keys(store: LocalPhotoStore, key: str) -> None:
    for use in (store.get, store.delete):
        with pytest.raises(NotFoundError):
            use(key)


def test_nobody_else_may_read(store: LocalPhotoStore, root: Path) -> None:
    store.put(PHOTO)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (root, *root.rglob("*"))}
    folders = {stat.S_IMODE(p.stat().st_mode) for p in root.rglob("*") if p.is_dir()}
    assert folders == {0o700}
    assert stat.S_IMODE(where(root).stat().st_mode) == 0o600
    assert modes == {0o700, 0o600}


def test_a_link_in_the_place_of_a_file_is_no_file(
    store: LocalPhotoStore, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(PHOTO)
    where(root).parent.mkdir(parents=True)
    where(root).symlink_to(outside)
    assert list(store.files()) == []
    with pytest.raises(NotFoundError):
        store.get(KEY)
    store.delete(KEY)
    assert outside.read_bytes() == PHOTO
    store.put(PHOTO)
    assert not where(root).is_symlink()


def test_a_folder_that_leads_elsewhere_is_not_followed(
    store: LocalPhotoStore, root: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / KEY[2:4]).mkdir(parents=True)
    (elsewhere / KEY[2:4] / KEY).write_bytes(PHOTO)
    root.mkdir()
    (root / KEY[:2]).symlink_to(elsewhere)
    assert list(store.files()) == []
    with pytest.raises(NotFoundError):
        store.get(KEY)
    with pytest.raises(UnavailableError) as error:
        store.put(PHOTO)
    assert code_of(error) == "storage_unavailable"


def test_damage_is_noticed_and_mended_by_putting_again(
    store: LocalPhotoStore, root: Path
) -> None:
    store.put(PHOTO)
    where(root).write_bytes(PHOTO[:-1])
    with pytest.raises(UnavailableError) as error:
        store.get(KEY)
    assert code_of(error) == "storage_damaged"
    store.put(PHOTO)
    assert store.get(KEY) == PHOTO


def test_many_may_put_the_same_bytes_at_once(
    store: LocalPhotoStore, root: Path
) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(store.put, [PHOTO] * 64))
    assert keys == {KEY}
    assert store.get(KEY) == PHOTO
    assert [p.name for p in root.rglob("*") if p.is_file()] == [KEY]


def test_half_written_and_foreign_files_are_not_listed(
    store: LocalPhotoStore, root: Path
) -> None:
    store.put(PHOTO)
    (where(root).parent / ".tmp-0123").write_bytes(b"half")
    (where(root).parent / "notes.txt").write_bytes(b"")
    assert [file.key for file in store.files()] == [KEY]


def test_a_file_deleted_while_listing_is_passed_over(
    store: LocalPhotoStore, root: Path
) -> None:
    store.put(PHOTO)
    neighbour = KEY[:4] + "0" * 60
    where(root, neighbour).write_bytes(b"")
    listing = store.files()
    first = next(listing).key
    where(root, ({KEY, neighbour} - {first}).pop()).unlink()
    assert list(listing) == []


def test_what_a_crash_left_half_written_is_removed_once_it_is_old(
    store: LocalPhotoStore, root: Path, tmp_path: Path
) -> None:
    store.put(PHOTO)
    old, new = (where(root).parent / f".tmp-{name}" for name in ("old", "new"))
    for path, seconds in ((old, 1000), (new, 3000)):
        path.write_bytes(b"half a photo")
        os.utime(path, (seconds, seconds))
    os.utime(where(root), (1000, 1000))
    elsewhere = tmp_path / "elsewhere" / "ab"
    elsewhere.mkdir(parents=True)
    (elsewhere / ".tmp-theirs").write_bytes(b"")
    os.utime(elsewhere / ".tmp-theirs", (1000, 1000))
    (root / "zz").symlink_to(elsewhere.parent)
    assert store.remove_half_written(datetime.fromtimestamp(2000, UTC)) == 1
    assert not old.exists()
    assert new.exists()
    assert (elsewhere / ".tmp-theirs").exists()
    assert store.get(KEY) == PHOTO
    assert LocalPhotoStore(tmp_path / "none").remove_half_written(_NOW) == 0


def test_many_may_clean_up_at_once(store: LocalPhotoStore, root: Path) -> None:
    store.put(PHOTO)
    for number in range(200):
        (where(root).parent / f".tmp-{number}").write_bytes(b"")
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(store.remove_half_written, [_NOW] * 8)) == 200


def test_check_leaves_nothing_behind(store: LocalPhotoStore, root: Path) -> None:
    store.check()
    assert list(root.iterdir()) == []


def test_a_root_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_bytes(b"")
    store = LocalPhotoStore(blocked)
    for use in (
        store.check,
        lambda: store.put(PHOTO),
        lambda: store.get(KEY),
        lambda: store.delete(KEY),
    ):
        with pytest.raises(UnavailableError) as error:
            use()
        assert code_of(error) == "storage_unavailable"


def test_a_failed_write_leaves_no_half_file(store: LocalPhotoStore, root: Path) -> None:
    where(root).mkdir(parents=True)
    with pytest.raises(UnavailableError):
        store.put(PHOTO)
    assert [p for p in root.rglob("*") if p.is_file()] == []


def test_at_rest_nothing_is_readable_without_the_key(root: Path) -> None:
    sealed = LocalPhotoStore(root, cipher=FileCipher(b"k" * 32))
    assert sealed.put(PHOTO) == KEY
    assert sealed.get(KEY) == PHOTO
    assert b"photo" not in where(root).read_bytes()
    before = where(root).read_bytes()
    sealed.put(PHOTO)
    assert where(root).read_bytes() == before
    for other in (
        LocalPhotoStore(root, cipher=FileCipher(b"x" * 32)),
        LocalPhotoStore(root),
    ):
        with pytest.raises(UnavailableError) as error:
            other.get(KEY)
        assert code_of(error) == "storage_damaged"


@pytest.mark.parametrize("place", [0, 12, -1])
def test_a_changed_byte_of_a_sealed_file_is_noticed(root: Path, place: int) -> None:
    sealed = LocalPhotoStore(root, cipher=FileCipher(b"k" * 32))
    sealed.put(PHOTO)
    stored = bytearray(where(root).read_bytes())
    stored[place] ^= 1
    where(root).write_bytes(stored)
    with pytest.raises(UnavailableError) as error:
        sealed.get(KEY)
    assert code_of(error) == "storage_damaged"


def test_a_file_goes_unless_it_was_put_since(root: Path) -> None:
    store = LocalPhotoStore(root)
    key = store.put(b"photo")
    (path,) = root.rglob(key)
    put = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert not store.delete_older(key, put)
    assert store.get(key) == b"photo"
    assert store.delete_older(key, put + timedelta(seconds=1))
    assert store.delete_older(key, put)
    assert not path.exists()
