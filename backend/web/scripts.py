"""WeChat's script, the one thing a page may load that is not ours."""

from __future__ import annotations

from typing import Final

from flask import g, request

from backend.web.context import services

HOST: Final = "https://res.wx.qq.com"
#: JS-SDK 1.6.0. WeChat changes it under this name, so it has no fixed digest.
ADDRESS: Final = f"{HOST}/open/js/jweixin-1.6.0.js"


def wechat_scripts() -> str:
    """Return the address of WeChat's script, and let the present page load it.

    Empty outside WeChat's browser or without a service account: nobody else may use it.
    """
    if "MicroMessenger" not in request.user_agent.string:
        return ""
    if not services().sign_in.by_page:
        return ""
    g.script_host = HOST
    return ADDRESS
