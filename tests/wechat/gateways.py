"""The real gateway on a database, talking with a stand-in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from backend.crypto import Vault
from backend.db.engine import Database
from backend.domain.wechat import Account
from backend.ports import Clock
from backend.services.credentials import SharedCredentials
from backend.wechat import AccountKeys, WeChatPyGateway
from tests.databases import migrated_sqlite
from tests.wechat.standin import StandIn, StandInAccount

BOTH = (StandIn.mini_program, StandIn.service_account)
#: Any key will do, as long as all processes have the same.
_KEY = bytes(range(32))


def keys_of(account: StandInAccount) -> AccountKeys:
    return AccountKeys(
        app_id=account.app_id,
        secret=account.secret,
        push_token=account.push_token,
        push_key=account.push_key,
    )


def vault() -> Vault:
    return Vault(keys={"k1": _KEY}, current="k1", hash_key=_KEY)


def make_gateway(
    url: str,
    standin_url: str,
    clock: Clock,
    accounts: Mapping[Account, AccountKeys] | None = None,
) -> WeChatPyGateway:
    """Return a gateway whose tokens are kept in the database at an address."""
    given = {a.kind: keys_of(a) for a in BOTH} if accounts is None else accounts
    return WeChatPyGateway(
        given,
        api_url=standin_url,
        open_url=standin_url,
        store=SharedCredentials(db=Database(url), vault=vault()),
        clock=clock,
    )


def fresh_sqlite(folder: Path) -> str:
    return migrated_sqlite(folder / "wechat.sqlite3")
