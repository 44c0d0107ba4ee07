"""What a record means (contract, chapter 5), and its value out of the payload that holds it."""

import io
import struct
import warnings
import wave
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tensorboard.compat.proto.tensor_pb2 import TensorProto

from embedding_explorer.errors import UnreadableLog
from embedding_explorer.runs.base import Clip, Histogram, Kind, Packed, Picture
from embedding_explorer.runs.messages import (
    DecodeError,
    EmbeddingParts,
    HistogramValue,
    ProjectorValue,
    TensorKind,
    TextDtype,
)
from embedding_explorer.runs.packed import checked_count, standard_tensor

DT_STRING, DT_FLOAT = 7, 1
MAX_BUCKETS = 1_000_000  # of one histogram
WAV = "audio/wav"
LABEL = "采样率: {rate}, 声道: {channels}, 帧长度: {frames}"
# What a value may raise that is not what it says it is.
UNREADABLE = (
    UnreadableLog,
    DecodeError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    ArithmeticError,
    struct.error,
    wave.Error,
    EOFError,
)
_FIELDS: dict[str, Kind] = {
    "simple_value": "scalar",
    "image": "image",
    "histo": "histogram",
    "audio": "audio",
    "transformer": "transformer",
}
_BARE_PLUGINS: dict[bytes, Kind] = {
    b"transformer": "transformer",
    b"featuremap": "featuremap",
    b"hiddenstate": "hiddenstate",
    b"hparams": "hparams",
}
_TENSOR_PLUGINS: dict[bytes, Kind] = {
    b"scalars": "scalar",
    b"images": "image",
    b"histograms": "histogram",
    b"audio": "audio",
    b"text": "text",
}


def kind_of(value: Any, plugin: bytes) -> Kind | None:
    """The kind of a `Value` whose tag has that plugin; None for what is not shown. Raises one of `UNREADABLE`."""
    field = value.WhichOneof("content")
    if field in _FIELDS:
        return _FIELDS[field]
    if field is None and value.projector:
        return _projector_kind(value.projector)
    if plugin in _BARE_PLUGINS:
        return _BARE_PLUGINS[plugin]
    if field != "tensor":
        return None
    return _TENSOR_PLUGINS.get(plugin) or _tensor_kind(value.tensor, plugin)


def _projector_kind(data: bytes) -> Kind | None:
    message = ProjectorValue.FromString(data)
    which = message.WhichOneof("content")
    if which != "embedding":
        return which  # type: ignore[no-any-return]
    parts = EmbeddingParts.FromString(message.embedding)
    return "sample" if parts.HasField("sample") else "embedding"


def _tensor_kind(data: bytes, plugin: bytes) -> Kind | None:
    if plugin not in (b"", b"tensor"):
        return None
    tensor = TensorKind.FromString(data)
    is_text = tensor.dtype == DT_STRING or (not tensor.dtype and len(tensor.string_val))
    if is_text:
        return None if plugin else "text"
    text_dtype = TextDtype.FromString(data).dtype.lstrip(b"<>=|")
    return None if text_dtype[:1] in (b"U", b"S") else "exception"


def scalar(value: Any) -> float:
    """The number of a `scalar`, float32 where it is stored so; raises one of `UNREADABLE`."""
    if value.HasField("simple_value"):
        return float(value.simple_value)
    tensor = TensorProto.FromString(value.tensor)
    if tensor.dtype == DT_FLOAT and len(tensor.tensor_content) == 4:
        return float(struct.unpack("<f", tensor.tensor_content)[0])
    return float(array_of(tensor, 1).item())


def array_of(tensor: Any, most: int) -> NDArray[Any]:
    """A tensor of at most so many elements, whatever its few bytes say of its shape; raises UnreadableLog."""
    checked_count([dimension.size for dimension in tensor.tensor_shape.dim], most)
    return standard_tensor(tensor)


def read_value(kind: Kind, value: Any) -> Any:
    """The value of any other kind, as `base.Record` has it; raises one of `UNREADABLE`."""
    if kind in _READERS:
        return _READERS[kind](value)
    field = value.WhichOneof("content")
    if kind == "hparams":
        return value.metadata.plugin_data.content
    if field is None:
        message = ProjectorValue.FromString(value.projector)
        return Packed("projector", message.exception if kind == "exception" else message.embedding)
    return Packed("transformer", value.transformer) if field == "transformer" else Packed("tensor", value.tensor)


def facts_of(kind: Kind, value: Any) -> tuple[Any, ...]:
    """What listings show of a value, see `base.Outline`; raises one of `UNREADABLE`."""
    if kind == "image" and value.HasField("image") and value.image.width and value.image.height:
        return value.image.width, value.image.height
    if kind == "image":
        picture = _picture(value)
        return (picture.width, picture.height) if picture.width and picture.height else size_of(picture.data)
    if kind == "audio" and value.HasField("audio"):
        return _clip_facts(value.audio)
    if kind == "audio":
        clip = _clip(value)
        return clip.label, clip.content_type
    return ()


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of a picture in pixels, from its head; zeros where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # nothing is decoded
            with Image.open(io.BytesIO(data)) as opened:
                return opened.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 0, 0


def _picture(value: Any) -> Picture:
    if value.HasField("image"):
        image = value.image
        return Picture(image.width, image.height, image.encoded_image_string)
    width, height, first = _strings(value)[:3]
    return Picture(int(width), int(height), first)


def _histogram(value: Any) -> Histogram:
    if value.HasField("histo"):
        message = HistogramValue.FromString(value.histo)
        return from_limits(message.min, message.max, np.array(message.bucket_limit), np.array(message.bucket))
    buckets = array_of(TensorProto.FromString(value.tensor), 3 * MAX_BUCKETS).astype(np.float64).reshape(-1, 3)
    if not len(buckets):
        return Histogram(0.0, 0.0, buckets)
    return Histogram(float(buckets[0, 0]), float(buckets[-1, 1]), buckets)


def from_limits(least: float, most: float, limits: Any, counts: Any) -> Histogram:
    """The triples of a HistogramProto (contract, 7.2): one for each limit, nothing trimmed or repaired."""
    if len(limits) != len(counts):
        raise ValueError("a histogram with more limits than counts, or fewer")
    edges = np.concatenate(([least], limits[:-1], [most])) if len(limits) else np.empty(0)
    buckets = np.stack([edges[:-1], edges[1:], counts], axis=1) if len(limits) else np.empty((0, 3))
    return Histogram(least, most, buckets.astype(np.float64))


def _clip(value: Any) -> Clip:
    if value.HasField("audio"):
        return Clip(value.audio.encoded_audio_string, *_clip_facts(value.audio))
    tensor = TensorProto.FromString(value.tensor)
    data = tensor.string_val[0]
    has_label = len(tensor.tensor_shape.dim) == 2 and tensor.tensor_shape.dim[1].size == 2
    label = tensor.string_val[1].decode("utf-8", "replace") if has_label else ""
    return Clip(data, label or _wav_label(data), WAV)


def _clip_facts(audio: Any) -> tuple[str, str]:
    label = LABEL.format(rate=audio.sample_rate, channels=audio.num_channels, frames=audio.length_frames)
    return label, audio.content_type.decode("utf-8", "replace") or WAV


def _wav_label(data: bytes) -> str:
    try:
        with wave.open(io.BytesIO(data)) as clip:
            return LABEL.format(rate=float(clip.getframerate()), channels=clip.getnchannels(), frames=clip.getnframes())
    except (wave.Error, EOFError):
        return ""


def _texts(value: Any) -> list[str]:
    return [text.decode("utf-8", "replace") for text in _strings(value)]


def _strings(value: Any) -> list[bytes]:
    """The strings of a tensor of either writer."""
    return list(TensorKind.FromString(value.tensor).string_val)


_READERS: dict[Kind, Callable[[Any], Any]] = {
    "scalar": scalar,
    "image": _picture,
    "histogram": _histogram,
    "audio": _clip,
    "text": _texts,
}
