"""temporary"""

from typing import Any

from backend.domain.errors import NotFoundError


class NoWeChat:
    def has(self, account: Any) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        raise NotFoundError("wechat_not_configured")
