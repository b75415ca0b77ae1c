"""The work that each kind of file needs, with all that Pillow and PyAV import only once they see such a file."""

from functools import partial
from importlib import import_module
from typing import Final

from x18.media.bench import Work
from x18.media.kinds import KINDS

LATE: Final = {"image": ("copy",), "gif": ("copy",), "video": ("av.subtitles.stream",)}


def choose(extension: str) -> Work:
    """The work for files with this extension."""
    kind = KINDS[extension]
    for module in LATE[kind.type]:
        import_module(module)
    if kind.type == "video":
        from x18.media.videos import process_video  # PyAV takes 30 MB, and not every process gets videos

        return partial(process_video, kind=kind)
    from x18.media.images import process_image

    return partial(process_image, kind=kind)
