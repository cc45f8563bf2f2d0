"""What can go wrong.

* PosterError
  * FontNotFoundError   no font with Chinese characters on this machine
  * PictureError        the second symbol is no picture
"""

from __future__ import annotations


class PosterError(ValueError):
    """The poster cannot be made from these texts."""


class FontNotFoundError(PosterError):
    """No font with Chinese characters was found; the message says what to install."""


class PictureError(PosterError):
    """The bytes given as second symbol are no picture."""
