"""A photo policy as staff read it: the same words and drawings that students see."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from backend.domain.errors import NotFoundError
from backend.messages.demands import changes, rule_groups
from backend.services.types import StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.pages import show
from backend.web.auth import staff_required
from backend.web.backgrounds import backdrop_of
from backend.web.context import services
from backend.web.drawings import drawings_of


@bp.get("/policies/<name>")
@staff_required()
def policy(session: StaffSession, name: str) -> ResponseReturnValue:
    """Explain a policy rule by rule, and what differs from the one it extends."""
    found = services().policies.get(name)
    if found is None:
        raise NotFoundError("policy_not_found")
    base = services().policies.get(found.extends)
    return show(
        "policy.html",
        session,
        section="admin.campaigns",
        policy=found,
        base=base,
        changes=changes(found, base) if base else (),
        groups=rule_groups(found),
        drawings=drawings_of(found),
        backdrop=backdrop_of(found),
    )
