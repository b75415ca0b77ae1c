"""Files that end early. What browsers show of them is taken, if it is most of the picture."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image, ImageFile

SHORT: Final = "The file is incomplete: less than two thirds of the picture is there."


@contextmanager
def as_far_as_it_goes() -> Iterator[None]:
    """For the block, pictures are decoded as far as they go. What is not there is nought, or grey in a JPEG."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def is_there(image: Image.Image) -> bool:
    """Whether two thirds of a picture, from above, are more than nought."""
    shown = image.getbbox()
    return shown is not None and shown[3] * 3 >= image.height * 2
