"""Features of a fixed sample for TensorBoard's projector: `projector_config.pbtxt` and the files that it names.

sample/metadata.tsv                     labels of the sample, one a line
sample/sprite.png                       its thumbnails in a square grid, row by row
<step, 5 digits>/<tag>/tensors.tsv      features after a step, one picture a line
"""

import math
import re
import shutil
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.training.source import Pixels

CONFIG, SAMPLE = "projector_config.pbtxt", "sample"
LABELS, SPRITE = f"{SAMPLE}/metadata.tsv", f"{SAMPLE}/sprite.png"
THUMBNAIL = 48
_BLOCK = re.compile(r'embeddings \{\n  tensor_name: "[^"\n]*:(\d+)"\n(?:  .*\n)*\}\n')


class Projector:
    """The embeddings of one tag in the folder of a run."""

    def __init__(self, folder: Path, tag: str, shape: tuple[int, int, int]) -> None:
        """`tag`: a word of letters; `shape`: channels, height and width of the pictures."""
        self._folder, self._tag, self._tile = folder, tag, tile_size(shape)

    def write_sample(self, pixels: Pixels, labels: Sequence[str] | None) -> None:
        """Keep thumbnails of the pictures, uint8 (N, H, W, C), and their labels; raises StorageFull."""
        self._write(SPRITE, png(sprite(pixels, self._tile)))
        if labels is not None:
            self._write(LABELS, "".join(f"{' '.join(label.split()) or '-'}\n" for label in labels).encode())

    def write(self, step: int, features: NDArray[np.float32]) -> None:
        """Keep the features (N, D) of the sample after a step; raises StorageFull."""
        path = f"{step:05d}/{self._tag}/tensors.tsv"
        self._write(path, _tsv(features))
        self._write(CONFIG, (self._config() + self._block(step, path)).encode())

    def steps(self) -> list[int]:
        """The steps that are there."""
        return [int(block[1]) for block in _BLOCK.finditer(self._config())]

    def cut_after(self, step: int) -> None:
        """Remove what was written after a step."""
        text = self._config()
        kept = "".join(block[0] for block in _BLOCK.finditer(text) if int(block[1]) <= step)
        if kept != text:
            self._write(CONFIG, kept.encode())
        for folder in self._folder.glob("[0-9]*"):
            if folder.name.isdigit() and int(folder.name) > step:
                shutil.rmtree(folder, ignore_errors=True)

    def _block(self, step: int, path: str) -> str:
        lines = [f'tensor_name: "{self._tag}:{step:05d}"', f'tensor_path: "{path}"']
        if (self._folder / LABELS).exists():
            lines.append(f'metadata_path: "{LABELS}"')
        dimensions = [f"  single_image_dim: {side}" for side in self._tile]
        lines += ["sprite {", f'  image_path: "{SPRITE}"', *dimensions, "}"]
        return "\n".join(["embeddings {", *(f"  {line}" for line in lines), "}", ""])

    def _config(self) -> str:
        path = self._folder / CONFIG
        return path.read_text() if path.exists() else ""

    def _write(self, name: str, content: bytes) -> None:
        """In one step for readers; not forced to the disk, since a training that is resumed writes it again."""
        path = self._folder / name
        part = path.with_name(f"{path.name}.part")
        with full_disk_named(self._folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)


def tile_size(shape: tuple[int, int, int]) -> tuple[int, int]:
    """Width and height of the thumbnails of pictures (C, H, W): at most 48, their ratio kept."""
    _, height, width = shape
    shrink = min(1.0, THUMBNAIL / max(height, width))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def sprite(pixels: Pixels, tile: tuple[int, int]) -> Image.Image:
    """Pictures uint8 (N, H, W, C) as thumbnails in a square grid, row by row; what is left over is white."""
    columns, (width, height) = math.ceil(math.sqrt(len(pixels))), tile
    sheet = Image.new("RGB", (columns * width, columns * height), "white")
    for position, picture in enumerate(pixels):
        row, column = divmod(position, columns)
        small = picture_of(picture).resize(tile, Image.Resampling.BOX)
        sheet.paste(small, (column * width, row * height))
    return sheet


def picture_of(pixels: Pixels) -> Image.Image:
    """An array uint8 (H, W, C) as RGB: three channels as colours, of any other number the first as gray."""
    gray = pixels.shape[2] != 3
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if gray else pixels)).convert("RGB")


def png(picture: Image.Image) -> bytes:
    """A PNG."""
    target = BytesIO()
    picture.save(target, "PNG", compress_level=1)
    return target.getvalue()


def _tsv(features: NDArray[np.float32]) -> bytes:
    """Rows of numbers with tabs between; each is the shortest text that reads back as the same float32."""
    finite = np.nan_to_num(np.ascontiguousarray(features, np.float32), posinf=0.0, neginf=0.0)
    text = orjson.dumps(finite, option=orjson.OPT_SERIALIZE_NUMPY)
    return text[2:-2].replace(b"],[", b"\n").replace(b",", b"\t") + b"\n"
