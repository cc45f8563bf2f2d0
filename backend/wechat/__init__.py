"""Everything this service says to WeChat and hears from it; the home of wechatpy.

Nothing that leaves this package carries an address, a token or a secret: the libraries'
exceptions do, so they end here.
"""

from __future__ import annotations

from backend.wechat.gateway import AccountKeys, WeChatPyGateway

__all__ = ["AccountKeys", "WeChatPyGateway"]
