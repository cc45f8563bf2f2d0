"""One process of many that all want WeChat's token at once; a test starts several."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from backend.app import SystemClock
from tests.wechat.gateways import make_gateway

_PAGE = "https://photos.example.edu/s/a"


def main(url: str, standin_url: str, threads: int) -> None:
    """Sign a page in each thread; print how many got a signature."""
    gateway = make_gateway(url, standin_url, SystemClock())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    together = Barrier(threads)

    def sign(_: int) -> str:
        together.wait()
        return gateway.page_signature(_PAGE).signature

    with ThreadPoolExecutor(threads) as pool:
        signed = list(pool.map(sign, range(threads)))
    sys.stdout.write(f"{len(signed)}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
