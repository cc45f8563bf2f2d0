"""Finds the collection code in a picture: a saved card, a screenshot, a photo of a screen.

A card's code has only three to four pixels per module and suffers from chats and screens.
zxing-cpp looks first, then again at the picture sharpened, and then OpenCV, another
engine, has a try at several scales.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from backend.domain.codes import CollectionCode, parse_collection_code
from backend.domain.errors import CodeUnreadableError
from backend.imaging.decode import decode

_Grey: TypeAlias = NDArray[np.uint8]

# Phone photos carry no more detail of a code than this, and detectors are known to miss
# codes in bigger pictures.
_LONG_SIDE_PX = 2000
# One attempt cannot be interrupted, so no enlargement is bigger than this.
_LONGEST_ENLARGED_PX = 2600
# (scale, sigma of the blur taken away in px, how much of it). Measured on drawn cards: at
# a blur of 3 px zxing-cpp reads one card in two as it is and all of them sharpened by
# (3, 4), in 15 ms; the others each read cards that no earlier one does.
_SHARPENED = (
    (1.0, 3.0, 4.0),
    (0.5, 2.0, 6.0),
    (1.0, 4.0, 8.0),
    (2.0, 5.0, 6.0),
    (2.0, 8.0, 12.0),
)
# OpenCV's older QRCodeDetector is three times slower and read nothing that this did not.
_ARUCO_SCALES = (1.0, 1.5, 2.0)
_QR_CODES = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
# The most telling first, when a picture holds several foreign codes.
_FOREIGN_BY_USE = (
    "code_is_station_poster",
    "code_is_identity_number",
    "code_is_payment",
    "code_is_wechat",
    "code_is_web_address",
)


@dataclass(slots=True)
class _Finds:
    """What has been read so far."""

    structured: dict[str, CollectionCode] = field(default_factory=dict)
    opaque: dict[str, CollectionCode] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    unreadable: bool = False

    def add(self, text: str) -> None:
        try:
            code = parse_collection_code(text)
        except CodeUnreadableError as error:
            self.foreign.append(error.code)
            return
        kind = self.opaque if code.claims is None else self.structured
        kind.setdefault(code.token, code)

    def one(self) -> CollectionCode | None:
        """Return the one collection code; structured ones beat opaque texts."""
        codes = list((self.structured or self.opaque).values())
        if len(codes) > 1:
            raise CodeUnreadableError("several_codes_in_picture")
        return codes[0] if codes else None

    def refusal(self) -> str:
        for code in (*_FOREIGN_BY_USE, *self.foreign):
            if code in self.foreign:
                return code
        return "code_too_blurred" if self.unreadable else "no_code_in_picture"


class QrCodeReader:
    """Reads collection codes from pictures; holds no state, safe to share."""

    def __init__(
        self, *, seconds: float = 4.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock

    def read(self, data: bytes) -> CollectionCode:
        """Return the one collection code in the picture.

        No new attempt is started once the time is up; one attempt takes up to about
        half a second.

        Raises:
            PhotoUnreadableError: the bytes are not a picture.
            CodeUnreadableError: ``no_code_in_picture``, ``code_too_blurred`` (there is
                one, and it cannot be decoded), ``several_codes_in_picture`` (different
                ones), or what ``parse_collection_code`` says of the only codes found.
        """
        deadline = self._clock() + self._seconds
        grey = _grey(decode(data))
        finds = _Finds()
        for texts, unreadable in _attempts(grey):
            finds.unreadable = finds.unreadable or unreadable
            for text in texts:
                finds.add(text)
            code = finds.one()
            if code is not None:
                return code
            if self._clock() >= deadline:
                break
        raise CodeUnreadableError(finds.refusal())


def _grey(rgb: NDArray[np.uint8]) -> _Grey:
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    return _resized(grey, min(1.0, _LONG_SIDE_PX / max(grey.shape)))


def _resized(grey: _Grey, scale: float) -> _Grey:
    if scale == 1.0:
        return grey
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    return np.asarray(cv2.resize(grey, (width, height), interpolation=way), np.uint8)


def _sharpened(grey: _Grey, sigma: float, amount: float) -> _Grey:
    exact = grey.astype(np.float32)
    blurred = cv2.GaussianBlur(exact, (0, 0), sigma)
    sharp = cv2.addWeighted(exact, 1 + amount, blurred, -amount, 0)
    return np.clip(sharp, 0, 255).astype(np.uint8)


def _attempts(grey: _Grey) -> Iterator[tuple[list[str], bool]]:
    """Yield, cheapest first, the texts read and whether a code resisted."""
    yield _zxing(grey)
    limit = max(1.0, _LONGEST_ENLARGED_PX / max(grey.shape))
    for scale, sigma, amount in _SHARPENED:
        if scale <= limit:
            yield _zxing(_sharpened(_resized(grey, scale), sigma, amount))
    for scale in _ARUCO_SCALES:
        if scale <= limit:
            yield _aruco(_resized(grey, scale)), False


def _zxing(grey: _Grey) -> tuple[list[str], bool]:
    found = zxingcpp.read_barcodes(grey, formats=_QR_CODES, return_errors=True)
    texts = [_text(barcode.bytes) for barcode in found if barcode.valid]
    return texts, any(not barcode.valid for barcode in found)


def _text(payload: bytes) -> str:
    for encoding in ("utf-8", "gbk"):
        try:
            return payload.decode(encoding)
        except UnicodeDecodeError:
            continue
    return payload.decode("latin-1")


def _aruco(grey: _Grey) -> list[str]:
    texts: Sequence[str] = ()
    # It raises on some shapes that it takes for a code.
    with contextlib.suppress(cv2.error):
        _, texts, _, _ = cv2.QRCodeDetectorAruco().detectAndDecodeMulti(grey)
    # It garbles what is not ASCII; the payloads of cards are.
    return [text for text in texts if text and text.isascii()]
