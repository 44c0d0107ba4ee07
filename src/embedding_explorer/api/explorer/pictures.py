"""One picture posted to be placed on a map or compared."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedding_explorer.api.bodies import receive_file
from embedding_explorer.jobs.runtime import Runtime


@contextmanager
def posted_picture(runtime: Runtime) -> Iterator[Path]:
    """The picture in the form's field `file`, in a file that is removed afterwards."""
    settings = runtime.settings
    folder = settings.data / "staging" / f"picture-{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    try:
        file, _ = receive_file(
            folder,
            stall=settings.upload_stall_seconds,
            most=settings.max_image_bytes,
            setting="EXPLORER_MAX_IMAGE_BYTES",
            report=lambda *_: None,
            example="picture.jpg",
        )
        yield file.path
    finally:
        for left in folder.iterdir():
            left.unlink()
        folder.rmdir()
