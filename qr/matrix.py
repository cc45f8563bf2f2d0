"""From a text to the modules of a QR code; the only home of ``qrcode``."""

from __future__ import annotations

from typing import Final, Literal

from qrcode import constants
from qrcode.main import QRCode

Level = Literal["L", "M", "Q", "H"]

_LEVELS: Final = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}


def matrix(payload: str, error_correction: Level = "M") -> list[list[bool]]:
    """Return rows of modules, dark is true, without a quiet zone.

    Args:
        payload: what the code holds; at most about 1,270 characters at level H.
        error_correction: recovers about 7, 15, 25 or 30 % of the code (ISO/IEC 18004).
    """
    code = QRCode(error_correction=_LEVELS[error_correction], border=0)
    code.add_data(payload)
    code.make(fit=True)
    return [[bool(module) for module in row] for row in code.get_matrix()]
