"""Display geometry of videos: pixels that are not square, and cameras that were held upright."""

import struct
from fractions import Fraction
from typing import Any, Final

from PIL import Image

from x18.media.results import MAX_SIDE

WIDEST_PIXEL: Final = 16

TURNS: Final = {
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}
"""By the signs of a display matrix (ISO 14496-12, 8.3.2)."""

ON_ITS_SIDE: Final = {
    Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270, Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE,
}  # fmt: skip


def shown_size(width: int, height: int, pixel: Fraction | None) -> tuple[int, int]:
    """The size in square pixels. The longer side of a pixel is kept, so that none is lost."""
    if not pixel or pixel == 1 or not Fraction(1, WIDEST_PIXEL) <= pixel <= WIDEST_PIXEL:
        return width, height
    size = (round(width * pixel), height) if pixel > 1 else (width, round(height / pixel))
    return size if max(size) <= MAX_SIDE else (width, height)


def upright(picture: Image.Image, size: tuple[int, int], frame: Any) -> tuple[Image.Image, tuple[int, int]]:
    """A picture of a frame and the size of the frame, both turned as it says."""
    turn = turn_of(frame.side_data.get("DISPLAYMATRIX"))
    if turn is None:
        return picture, size
    return picture.transpose(turn), (size[1], size[0]) if turn in ON_ITS_SIDE else size


def turn_of(matrix: Any) -> Image.Transpose | None:
    """The rotation of a display matrix, to the nearest right angle; None for none."""
    if matrix is None:
        return None
    a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
    is_straight = abs(a) + abs(d) >= abs(b) + abs(c)
    signs = (_sign(a), 0, 0, _sign(d)) if is_straight else (0, _sign(b), _sign(c), 0)
    return TURNS.get(signs)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
