"""How much of each pixel is the person: closed-form matting (Levin et al. 2008).

Within 3 × 3 pixels the colours of the person and of what is behind lie each on a line in
RGB, so there alpha is a linear function of the colour. Asking that of all such windows at
once gives a sparse symmetric system (eq. 12 of the paper), solved by conjugate gradients
from coarse to fine. Where person and background hardly differ in colour the picture says
nothing, and the mask counts instead (``prior``).
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.imaging.landmarks import Pixels

_SIDE: Final = 3
_PIXELS: Final = _SIDE * _SIDE
#: The paper's ε for colours from 0 to 1: windows of one colour stay solvable.
_EPSILON: Final = 1e-6
#: Halvings before the first, coarsest solution; each is the start of the next finer.
_HALVINGS: Final = 2
#: Further steps change alpha by less than 0.004 on average.
_TOLERANCE: Final = 1e-4
_MOST_STEPS: Final = 200
#: A coarse pixel is open when more than this share of what it covers is.
_OPEN_SHARE: Final = 0.01


def solve(
    rgb: Pixels,
    known: NDArray[np.float32],
    *,
    prior: NDArray[np.float32],
    weight: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return alpha from 0 (background) to 1 (person), (H, W).

    Args:
        rgb: the picture, (H, W, 3).
        known: 0 or 1 where that is certain, not a number where it is to be found.
        prior: what to lean to where the colours say nothing, 0 to 1.
        weight: how much to lean there, 0 or more.
    """
    guess: NDArray[np.float32] | None = None
    height, width = known.shape
    for halving in range(_HALVINGS, -1, -1):
        size = (width >> halving, height >> halving)
        # A coarse pixel stands for several, whose weights add up.
        level = _Level(rgb, known, prior, weight * 4**halving).reduced(size)
        start = level.prior if guess is None else cv2.resize(guess, size)
        guess = level.solved(np.asarray(start, np.float32))
    assert guess is not None  # noqa: S101 - the loop runs at least once
    return guess


class _Level:
    """The picture and what is known of it at one size."""

    def __init__(
        self,
        rgb: Pixels,
        known: NDArray[np.float32],
        prior: NDArray[np.float32],
        weight: NDArray[np.float32],
    ) -> None:
        self.rgb, self.known, self.prior, self.weight = rgb, known, prior, weight

    def reduced(self, size: tuple[int, int]) -> _Level:
        """Return it at another size, (width, height)."""
        if size == self.known.shape[::-1]:
            return self

        def small(picture: NDArray[Any]) -> NDArray[Any]:
            return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)

        unknown = np.isnan(self.known)
        share = small(unknown.astype(np.float32))
        sides = np.round(small(np.where(unknown, 0, self.known).astype(np.float32)))
        known = np.where(share > _OPEN_SHARE, np.nan, sides).astype(np.float32)
        return _Level(small(self.rgb), known, small(self.prior), small(self.weight))

    def solved(self, start: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return alpha, beginning from a guess."""
        # Importing takes 0.2 s and 30 MB, which only changed backgrounds need.
        from scipy import sparse  # noqa: PLC0415
        from scipy.sparse.linalg import cg  # noqa: PLC0415

        unknown = np.isnan(self.known)
        open_pixels = np.flatnonzero(unknown)
        alpha = np.where(unknown, 0, self.known).astype(np.float64).ravel()
        if open_pixels.size == 0:
            return alpha.reshape(self.known.shape).astype(np.float32)
        number = np.full(unknown.size, -1, np.int32)
        number[open_pixels] = np.arange(open_pixels.size)
        windows, laplacian = self._windows(unknown)
        mine = number[windows]
        rows = np.broadcast_to(mine[:, :, None], laplacian.shape).ravel()
        columns = np.broadcast_to(mine[:, None, :], laplacian.shape).ravel()
        both = (rows >= 0) & (columns >= 0)
        shape = (open_pixels.size, open_pixels.size)
        lean = self.weight.ravel()[open_pixels].astype(np.float64)
        matrix = sparse.coo_matrix(
            (laplacian.ravel()[both], (rows[both], columns[both])), shape=shape
        ).tocsr() + sparse.diags(lean)
        # What is known moves to the right-hand side.
        pull = -np.einsum("nij,nj->ni", laplacian, alpha[windows])
        pulled = np.bincount(mine[mine >= 0], pull[mine >= 0], open_pixels.size)
        right = pulled + lean * self.prior.ravel()[open_pixels]
        found, _ = cg(
            matrix,
            right,
            x0=start.ravel()[open_pixels],
            rtol=_TOLERANCE,
            maxiter=_MOST_STEPS,
            M=sparse.diags(1 / np.maximum(matrix.diagonal(), _EPSILON)),
        )
        alpha[open_pixels] = np.clip(found, 0, 1)
        return alpha.reshape(self.known.shape).astype(np.float32)

    def _windows(
        self, unknown: NDArray[np.bool_]
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the windows with an open pixel: pixel numbers (N, 9), parts (N, 9, 9)."""
        width = unknown.shape[1]
        touched = cv2.dilate(unknown.astype(np.uint8), np.ones((_SIDE, _SIDE)))
        y, x = np.nonzero(touched[1:-1, 1:-1])
        steps = np.arange(_SIDE)
        pixels = (y[:, None, None] + steps[:, None]) * width + x[:, None, None] + steps
        windows = pixels.reshape(-1, _PIXELS)
        colours = (self.rgb.astype(np.float64) / 255).reshape(-1, 3)[windows]
        apart = colours - colours.mean(axis=1, keepdims=True)
        spread = np.einsum("nki,nkj->nij", apart, apart) / _PIXELS
        inverse = np.linalg.inv(spread + np.eye(3) * (_EPSILON / _PIXELS))
        alike = np.einsum("nki,nij,nlj->nkl", apart, inverse, apart, optimize=True)
        return windows, np.eye(_PIXELS) - (1 + alike) / _PIXELS
