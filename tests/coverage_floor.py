"""Fail when one file is far less covered than the whole has to be."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

FLOOR_PERCENT: Final = 85


def main(report: Path) -> int:
    """Print the files of a coverage JSON report that are under the floor."""
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    covered = {
        name: facts["summary"]["percent_covered"] for name, facts in files.items()
    }
    low = {name: share for name, share in covered.items() if share < FLOOR_PERCENT}
    for name, share in sorted(low.items()):
        sys.stderr.write(f"{name}: {share:.0f} % covered, at least {FLOOR_PERCENT} %\n")
    return int(bool(low))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
