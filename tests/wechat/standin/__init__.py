"""A stand-in for WeChat's servers: real HTTP on 127.0.0.1, its own Flask application.

It answers in the shapes WeChat is known to use, checks what it is sent, and can be told
to fail in every way a server can. Tests hold a ``StandIn``; ``python -m
tests.wechat.standin COMMAND`` runs a command with one beside it.
"""

from __future__ import annotations

from tests.wechat.standin.accounts import StandInAccount
from tests.wechat.standin.server import StandIn

__all__ = ["StandIn", "StandInAccount"]
