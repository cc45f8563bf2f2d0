"""What WeChat and its browser ask of us besides pages: the way back from a sign-in."""

from __future__ import annotations

from backend.web.wechat import push, sign_in, verification
from backend.web.wechat.blueprint import bp

__all__ = ["bp", "push", "sign_in", "verification"]
