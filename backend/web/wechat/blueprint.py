"""The blueprint of the addresses that WeChat calls or leads back to."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

bp: Final = Blueprint("wechat", __name__)
