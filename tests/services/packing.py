"""Approved portraits to deliver, and looking into a package."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Final

import pytest

from backend.domain.deliveries import Naming, NamingKey, Profile
from backend.domain.report import Verdict
from backend.services.delivery_types import DeliveryRequest
from backend.services.staff import OPERATOR
from backend.services.types import BindingView, Principal, SubmissionView
from tests.services.worlds import World

#: For tests whose outcome no database decides.
ON_ONE: Final = pytest.mark.parametrize("template", ["sqlite"], indirect=True)
BY_STUDENT_NO: Final = Naming(NamingKey.STUDENT_NO)
NUMBERED: Final = Naming(NamingKey.SEQUENCE)


@dataclass(frozen=True)
class Approved:
    """A student whose portrait may be delivered."""

    who: Principal
    binding: BindingView
    photo: SubmissionView


def decide(
    world: World, photo: SubmissionView, *, reasons: tuple[str, ...] = ()
) -> SubmissionView:
    """Approve a photo, or return it with reasons."""
    return world.services.reviews.decide(
        OPERATOR,
        photo.public_id,
        action="return" if reasons else "approve",
        reasons=reasons,
        note="",
        expected_version=photo.version,
    )


def approved(world: World, *numbers: int) -> list[Approved]:
    """Bind students, hand their photos in and approve them."""
    made = []
    for n in numbers:
        who, binding, photo = world.pending(n)
        made.append(Approved(who, binding, decide(world, photo)))
    return made


def again(world: World, one: Approved) -> SubmissionView:
    """Hand another photo in for a student and approve it."""
    world.inspector.verdict = Verdict.PASS
    draft = world.submit(one.who, one.binding)
    photo = world.services.submissions.confirm(one.who, draft.public_id)
    return decide(world, photo)


def request(
    world: World,
    naming: Naming = BY_STUDENT_NO,
    *,
    profile: Profile = Profile.SCHOOL,
    station: str | None = None,
    year: int | None = None,
) -> DeliveryRequest:
    """Return the request for a delivery of the world's campaign."""
    return DeliveryRequest(
        campaign_id=world.campaign,
        profile=profile,
        naming=naming,
        station_id=world.stations[station] if station else None,
        graduating_year=year,
    )


def delivered(world: World, *numbers: int) -> tuple[str, list[Approved]]:
    """Deliver approved portraits to the school."""
    people = approved(world, *numbers)
    return world.services.deliveries.create(OPERATOR, request(world)), people


def package_bytes(world: World, number: str) -> bytes:
    """Return the package whole, and see that its size was announced."""
    package = world.services.delivery_packages.package(OPERATOR, number)
    data = b"".join(package.chunks)
    assert package.size_bytes == len(data)
    return data


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return the files of a package, which must be whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}
