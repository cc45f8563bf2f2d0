from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from backend.domain.errors import InvalidInputError, RefusedError
from backend.services.types import MediaKind
from backend.services.upkeep import ORPHAN_AGE, Answer
from tests.services.worlds import World, at_once


def _age(world: World, key: str, age: timedelta) -> None:
    """Make a stored file as old as wanted."""
    at = (world.clock.now() - age).timestamp()
    (path,) = [p for p in Path(world.settings.photo_root).rglob("*") if key in p.name]
    os.utime(path, (at, at))


def test_an_orphan_is_removed_when_it_is_old_and_kept_while_young(world: World) -> None:
    store = world.adapters.store
    old, young = store.put(b"old"), store.put(b"young")
    _age(world, old, ORPHAN_AGE + timedelta(seconds=2))
    _age(world, young, ORPHAN_AGE - timedelta(seconds=2))
    found = world.services.reconcile.compare()
    assert found.orphans == (old,)
    assert found.files == 2
    assert found.missing == ()
    assert world.services.reconcile.remove_orphans(found) == 1
    assert {file.key for file in store.files()} == {young}


def test_files_that_a_row_names_are_no_orphans_and_those_withdrawn_go(
    world: World,
) -> None:
    who, _, photo = world.pending(0)
    keys = [file.key for file in world.adapters.store.files()]
    assert len(keys) == 3
    for key in keys:
        _age(world, key, timedelta(days=9))
    assert world.services.reconcile.compare().orphans == ()
    world.services.submissions.withdraw(who, photo.public_id)
    assert list(world.adapters.store.files()) == []


def test_an_orphan_named_meanwhile_is_kept(world: World) -> None:
    who, binding = world.bound(0)
    photo = world.photo()
    key = world.adapters.store.put(photo)
    _age(world, key, timedelta(days=9))
    found = world.services.reconcile.compare()
    assert found.orphans == (key,)
    draft = world.services.submissions.submit(
        who, binding.public_id, photo, filename=None
    )
    assert world.services.reconcile.remove_orphans(found) == 0
    media = world.services.submissions.media(who, draft.public_id, MediaKind.ORIGINAL)
    assert media.data == photo


def test_what_a_crash_left_half_written_goes_with_the_orphans(world: World) -> None:
    store = world.adapters.store
    key = store.put(b"young")
    (kept,) = Path(world.settings.photo_root).rglob(key)
    half = kept.parent / ".tmp-half"
    half.write_bytes(b"half a photo")
    _age(world, ".tmp-half", ORPHAN_AGE + timedelta(seconds=2))
    found = world.services.reconcile.compare()
    assert half.exists()
    assert world.services.reconcile.remove_orphans(found) == 0
    assert not half.exists()
    assert store.get(key) == b"young"


def test_an_orphan_put_again_meanwhile_is_kept(world: World) -> None:
    store = world.adapters.store
    key = store.put(b"photo")
    _age(world, key, timedelta(days=9))
    found = world.services.reconcile.compare()
    _age(world, key, timedelta(0))
    assert world.services.reconcile.remove_orphans(found) == 0
    assert store.get(key) == b"photo"


def test_a_row_without_its_file_is_reported(world: World) -> None:
    world.pending(0)
    key = next(iter(world.adapters.store.files())).key
    world.adapters.store.delete(key)
    assert world.services.reconcile.compare().missing == (key,)


def test_a_repeated_call_gets_the_first_answer(world: World) -> None:
    who, calls = world.principal(), []

    def produce() -> Answer:
        calls.append(1)
        return 201, {"number": len(calls), "text": "好"}

    run = world.services.idempotency.run
    first = run(who, "key", "digest", produce)
    assert (
        run(who, "key", "digest", produce)
        == first
        == (201, {"number": 1, "text": "好"})
    )
    assert run(who, "other", "digest", produce)[1]["number"] == 2
    assert run(world.principal(), "key", "digest", produce)[1]["number"] == 3
    assert run(who, None, "digest", produce)[1]["number"] == 4


def test_a_key_used_for_another_request_is_refused(world: World) -> None:
    who, run = world.principal(), world.services.idempotency.run
    run(who, "key", "digest", lambda: (201, {}))
    with pytest.raises(RefusedError, match="idempotency_key_reused"):
        run(who, "key", "another", lambda: (201, {}))


@pytest.mark.parametrize("key", ["", "k" * 101, "键", "a\nb", "a\0"])
def test_a_malformed_key_is_refused(world: World, key: str) -> None:
    with pytest.raises(InvalidInputError, match="idempotency_key_invalid"):
        world.services.idempotency.run(
            world.principal(), key, "digest", lambda: (201, {})
        )


def test_two_first_calls_at_once_keep_one_answer(world: World) -> None:
    who, run = world.principal(), world.services.idempotency.run
    at_once([lambda: run(who, "key", "digest", lambda: (201, {}))] * 8, threads=8)
    assert run(who, "key", "digest", lambda: (500, {})) == (201, {})


def test_what_failed_is_tried_again(world: World) -> None:
    who, run = world.principal(), world.services.idempotency.run

    def fail() -> Answer:
        raise RefusedError("photo_not_acceptable")

    with pytest.raises(RefusedError):
        run(who, "key", "digest", fail)
    assert run(who, "key", "digest", lambda: (201, {})) == (201, {})


def test_all_parts_ready(world: World) -> None:
    assert world.services.health.ready() == {
        "database": True,
        "storage": True,
        "face_model": True,
    }


def test_a_part_that_fails_is_named(world: World) -> None:
    world.inspector.ready = False
    root = Path(world.settings.photo_root)
    if root.exists():
        root.rmdir()
    root.write_text("not a folder")
    assert world.services.health.ready() == {
        "database": True,
        "storage": False,
        "face_model": False,
    }
