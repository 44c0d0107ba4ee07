"""The endpoints of transformers: attention over texts and over pictures (contract, 9.2 and 9.3)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer import numbers
from embedding_explorer.errors import BadLogParameter, UnreadableLog
from embedding_explorer.runs.base import LogSet, Record, Run
from embedding_explorer.runs.featuremaps import eight_bit, values_of
from embedding_explorer.runs.first import first_readable
from embedding_explorer.runs.media import data_url
from embedding_explorer.runs.messages import TransformerValue
from embedding_explorer.runs.packed import Array, parsed, tensor_of, text_of
from embedding_explorer.runs.samples import png
from embedding_explorer.runs.tensors import check_size, widened

MAP = "-am"  # end of the tag of a picture's attention
SIDE = 256  # pixels of a picture, whose positions are asked for
SHOWN = 64  # pixels of a map
NO_POSITION = "None"
HEAT, PICTURE = 0.7, 0.3


def transformer_text(logs: LogSet, *, dialect: str, run: str, tag: str) -> object:
    """The sentences of a tag, or the attention over one of them."""
    return first_readable(logs.run(run), "transformer", tag, lambda record: sentences_of(tag, record))


def sentences_of(tag: str, record: Record) -> object:
    """What one record has to say; raises UnreadableLog."""
    if record.value.source != "transformer":
        return {tag: tensor_of(record.value.data).tolist()}
    message = parsed(TransformerValue, record.value.data)
    items = {text_of(item.tag): attention_item(item) for item in message.attentionItem}
    data = {
        "attention": items,
        "bidirectional": text_of(message.bidirectional),
        "default_filter": text_of(message.default_filter),
        "displayMode": text_of(message.displayMode),
        "layer": message.layer,
        "head": message.head,
    }
    return {tag: {"wall_time": record.wall_time, "step": record.step, "data": data}}


def attention_item(item: Any) -> dict[str, Any]:
    """Weights of every layer and head, and the words on both sides."""
    weights = values_of(item.attn)
    check_size(weights)
    left, right = (tensor_of(data).reshape(-1).tolist() for data in (item.left, item.right))
    return {"attn": widened(weights), "left_text": left, "right_text": right}


def transformer_image(
    logs: LogSet,
    *,
    dialect: str,
    run: str,
    tag: str,
    l: str,  # noqa: E741
    x: str,
    y: str,
    g: str,
    r: str,
) -> object:
    """A picture with the number of its layers, or what each head of a layer looks at from one position of it."""
    found = logs.run(run)
    picture, maps = axes_of(found, tag, 3), axes_of(found, tag + MAP, 6)
    image = data_url(png(eight_bit(picture.astype(np.float64) * 255)))
    if x == y == NO_POSITION:
        return {"img": image, "num_layers": len(maps)}
    heads = normalised(at_position(maps, number("x", x), number("y", y)), number("l", l), whole_of("g", g))
    ratio = real("r", r) if whole_of("g", g) else 1.0
    shown = [data_url(png(mixed(heat, ratio, picture))) for heat in heads]
    return {tag: {"img": image, "attn_map": shown, "layer": l}}


def at_position(maps: Array, x: int, y: int) -> NDArray[np.float64]:
    """What all layers and heads look at from one pixel: (layers, heads, h, w); raises BadLogParameter."""
    height, width = maps.shape[2:4]
    column, row = x // max(SIDE // max(width, 1), 1), y // max(SIDE // max(height, 1), 1)
    for name, place, most in (("x", column, width), ("y", row, height)):
        if not 0 <= place < most:
            raise BadLogParameter(f"Parameter error, '{name}' is outside the picture")
    return np.nan_to_num(maps[:, :, row, column].astype(np.float64), posinf=0.0, neginf=0.0)


def normalised(maps: NDArray[np.float64], layer: int, together: bool) -> NDArray[np.float64]:
    """The maps (heads, h, w) of a layer from 0 to 255, over all layers and heads or each for itself.

    A constant map becomes 1. Raises BadLogParameter.
    """
    if not 0 <= layer < len(maps):
        raise BadLogParameter(f"Parameter error, 'l' must be from 0 to {len(maps) - 1}")
    chosen, over = maps[layer], (None if together else (1, 2))
    least = (maps if together else chosen).min(axis=over, keepdims=not together)
    spread = (maps if together else chosen).max(axis=over, keepdims=not together) - least
    scaled: NDArray[np.float64] = (chosen - least) / np.where(spread > 0, spread, 1.0) * 255
    return np.where(np.broadcast_to(spread > 0, scaled.shape), scaled, 1.0)


def mixed(heat: NDArray[np.float64], ratio: float, picture: Array) -> Image.Image:
    """A map in colours over the picture."""
    size = (SHOWN, SHOWN)
    resized = np.asarray(Image.fromarray(heat.astype(np.uint8)).resize(size), np.float64)
    under = picture.astype(np.float64) - np.nanmin(picture)
    under = under / (np.nanmax(under) or 1.0) * 255
    below = np.asarray(eight_bit(under).convert("RGB").resize(size), np.float64)
    return eight_bit(jet(np.clip(resized * ratio, 0, 255).astype(np.uint8)) * HEAT + below * PICTURE)


def jet(values: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Colours (…, 3), 0 to 255, from blue over green to red: the map that MATLAB calls jet."""
    centres = np.array([3.0, 2.0, 1.0])
    colours: NDArray[np.float64] = np.clip(1.5 - np.abs(4 * (values[..., None] / 255.0) - centres), 0, 1) * 255
    return colours


def axes_of(run: Run, tag: str, axes: int) -> Array:
    """The first array of a tag with so many axes; raises NoLogData, UnreadableLog."""

    def read(record: Record) -> Array:
        values = values_of(record.value.data)
        if values.ndim != axes:
            raise UnreadableLog("The picture and its attention have the wrong axes.")
        return values

    return first_readable(run, "transformer", tag, read)


def real(name: str, text: str) -> float:
    """A finite number; raises BadLogParameter."""
    value = numbers.real(text)
    if value is None:
        raise BadLogParameter(f"Parameter error, '{name}' must be a number")
    return value


def number(name: str, text: str) -> int:
    """A whole number, also one with a fraction of zero; raises BadLogParameter."""
    value = real(name, text)
    if value != int(value):
        raise BadLogParameter(f"Parameter error, '{name}' must be an integer")
    return int(value)


def whole_of(name: str, text: str) -> bool:
    """1 or 0; raises BadLogParameter."""
    if text not in ("0", "1"):
        raise BadLogParameter(f"Parameter error, '{name}' must be 0 or 1")
    return text == "1"
