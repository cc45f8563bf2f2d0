"""Whether two portraits show the same picture."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.likeness import BITS, band_keys, distance

WORDS = st.integers(0, 2**BITS - 1)


@given(WORDS, st.sets(st.integers(0, BITS - 1), max_size=7))
def test_up_to_seven_bits_leave_a_band_in_common(word: int, flipped: set[int]) -> None:
    other = word
    for bit in flipped:
        other ^= 1 << bit
    one, two = f"{word:064x}", f"{other:064x}"
    assert distance(one, two) == len(flipped)
    assert set(band_keys(one)) & set(band_keys(two))


def test_the_bands_hold_every_bit_once_and_are_told_apart() -> None:
    nothing = band_keys("0" * 64)
    assert len(set(nothing)) == 8
    changed = [
        sum(a != b for a, b in zip(nothing, band_keys(f"{1 << bit:064x}"), strict=True))
        for bit in range(BITS)
    ]
    assert changed == [1] * BITS
