"""Where the console leads: one row of areas, and below it the places of the present one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backend.services.types import Role
from backend.web.admin.blueprint import bp

_EVERYONE: Final = frozenset(Role)
_ADMIN: Final = frozenset({Role.ADMIN})
_JUDGES: Final = frozenset({Role.ADMIN, Role.REVIEWER})
_DESK: Final = frozenset({Role.ADMIN, Role.STATION})


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the console; ``key`` is its access key."""

    endpoint: str
    key: str
    label: str
    roles: frozenset[Role] = _EVERYONE


@dataclass(frozen=True, slots=True)
class Area:
    """Places that belong to one kind of work."""

    label: str
    places: tuple[Place, ...]


AREAS: Final = (
    Area("进度", (Place("admin.home", "h", "进度"),)),
    Area("名册", (Place("admin.rounds", "b", "批次与名册", _DESK),)),
    Area("查找", (Place("admin.records", "s", "查找"),)),
    Area("审核", (Place("admin.review_start", "v", "审核", _JUDGES),)),
    Area(
        "采集",
        (
            Place("admin.on_site", "x", "现场采集", _DESK),
            Place("admin.batches", "u", "批量上传", _DESK),
        ),
    ),
    Area("交付", (Place("admin.deliveries", "j", "交付", _DESK),)),
    Area(
        "函授站",
        (
            Place("admin.stations", "z", "函授站", _DESK),
            Place("admin.campaigns", "e", "入口与海报", _DESK),
        ),
    ),
    Area(
        "设置",
        (
            Place("admin.wechat", "w", "微信", _ADMIN),
            Place("admin.staff", "g", "工作人员", _ADMIN),
            Place("admin.audit", "l", "审计", _ADMIN),
            Place("admin.retention", "k", "保存期限", _ADMIN),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Menu:
    """What one person sees: the areas, and which of them and which place is open."""

    areas: tuple[Area, ...]
    area: Area | None
    section: str

    def keys(self) -> Iterator[Place]:
        """Yield every place, for the list of access keys."""
        for area in self.areas:
            yield from area.places


@bp.app_template_global("menu_of")
def menu(role: Role, section: str) -> Menu:
    """Return the menu of a role; ``section`` is the endpoint of the place that is open."""
    areas = tuple(
        Area(area.label, places)
        for area in AREAS
        if (places := tuple(place for place in area.places if role in place.roles))
    )
    here = [
        area
        for area in areas
        if any(place.endpoint == section for place in area.places)
    ]
    return Menu(areas, here[0] if here else None, section)
