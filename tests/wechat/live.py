"""The application served over real HTTP in this process, with the stand-in behind it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.settings import WeChatAccount
from backend.wechat import WeChatPyGateway
from tests.serving import served
from tests.web.student_support import Stage, make_stage
from tests.wechat.gateways import fresh_sqlite, make_gateway
from tests.wechat.standin import StandIn
from tests.wechat.standin.server import Silent


@dataclass
class Live:
    """A stage with an address."""

    stage: Stage
    url: str
    gateway: WeChatPyGateway

    def push_url(self, account: str = "mini-program") -> str:
        return f"{self.url}/wechat/push/{account}"


@contextmanager
def live(standin: StandIn, folder: Path) -> Iterator[Live]:
    """Serve a stage until the block ends."""
    tokens = folder / "tokens"
    tokens.mkdir()
    gateway = make_gateway(fresh_sqlite(tokens), standin.url, standin.clock)
    # The application has to know its own address before it is served there.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    accounts = {
        account.kind.value: WeChatAccount.model_validate(
            {
                "app_id": account.app_id,
                "secret": account.secret,
                "templates": {
                    kind: {"id": template.id, "fields": template.fields}
                    for kind, template in account.templates.items()
                },
            }
        )
        for account in (standin.mini_program, standin.service_account)
    }
    stage = make_stage(
        folder,
        wechat=gateway,
        more={"public_url": url, "content_check": True, **accounts},
    )
    with served(stage.app, port=port, handler=Silent):
        standin.push_url = f"{url}/wechat/push/mini-program"
        yield Live(stage, url, gateway)
