"""The overview of a tilemap: every picture at a third of its size, cell beside cell without borders."""

from io import BytesIO

from PIL import Image

from embedding_explorer.images.tilemap import CELL, COLUMNS, TILE

SHRINK = 3
SMALL = TILE // SHRINK
QUALITY = 80
MARGIN = (CELL - TILE) // 2


def make_overview(sheet: Image.Image) -> bytes:
    """A JPEG of cells of 16 x 16 px, as many and in the same order as in a tilemap.

    Each is the mean of 3 x 3 px of the cell's inner 48 x 48: the border, which is white, does not reach it. Decoding at
    half the size (`draft`) would save a third of the time, but cells of 25 px have no pixel between border and picture.
    Colours at half the resolution do not run into the next picture either, as their blocks of 16 px are the cells.
    """
    small = shrink(sheet if sheet.mode == "RGB" else sheet.convert("RGB"))
    file = BytesIO()
    small.save(file, "JPEG", quality=QUALITY, subsampling="4:2:0")
    return file.getvalue()


def shrink(sheet: Image.Image) -> Image.Image:
    """The cells of an RGB sheet at a third of their inner size, pushed together.

    Strip by strip, in Pillow: three times as fast as an array of the sheet, whose pixels would be copied twice.
    """
    inner = Image.new("RGB", (COLUMNS * TILE, sheet.height))
    for column in range(COLUMNS):
        left = column * CELL + MARGIN
        inner.paste(sheet.crop((left, 0, left + TILE, sheet.height)), (column * TILE, 0))
    rows = sheet.height // CELL
    small = Image.new("RGB", (COLUMNS * SMALL, rows * SMALL))
    for row in range(rows):
        top = row * CELL + MARGIN
        small.paste(inner.reduce(SHRINK, (0, top, inner.width, top + TILE)), (0, row * SMALL))
    return small
