"""Many threads of many processes on a cold cache ask WeChat for one token."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backend.db.migrate import migrate
from tests.services.conftest import BOTH
from tests.services.worlds import fresh_database
from tests.wechat.standin import StandIn

ROOT = Path(__file__).parents[2]
PROCESSES = 4
#: Fifty in all.
THREADS = (13, 13, 12, 12)


@pytest.mark.parametrize("kind", BOTH)
def test_fifty_threads_in_four_processes_cause_one_request(
    kind: str, standin: StandIn, tmp_path: Path
) -> None:
    standin.fail("/cgi-bin/stable_token", "slow")
    with fresh_database(kind, tmp_path) as url:
        migrate(url)
        racers = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.wechat.token_racer",
                    url,
                    standin.url,
                    str(threads),
                ],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for threads in THREADS
        ]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        signed = [int(racer.communicate(timeout=120)[0]) for racer in racers]
    assert signed == list(THREADS)
    assert len(standin.calls("/cgi-bin/stable_token")) == 1
    assert len(standin.calls("/cgi-bin/ticket/getticket")) == 1
