"""Run a command with the stand-in beside it, for as long as the command runs.

``python -m tests.wechat.standin bizhao start-demo`` serves the demonstration with both
WeChat accounts set up. Everybody there takes nine messages of each kind.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import FrameType

from tests.wechat.standin import StandIn


def main(command: list[str]) -> int:
    """Run the command and return its exit status."""
    with StandIn(given_consents=9) as standin:
        sys.stderr.write(
            f"WeChat is played by {standin.url}: messages sent, codes to sign in with\n"
        )
        process = subprocess.Popen(command, env=os.environ | standin.environment())

        def pass_on(number: int, frame: FrameType | None) -> None:
            del frame
            process.send_signal(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, pass_on)
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
