"""Messages of event files as the contract lays them out (4.3): one set for TensorBoard's writers and those of TS-VIS.

The classes that TensorBoard brings fail on TS-VIS's embeddings, where a message stands in a field that is a text there,
and lose the type of its tensors. These here leave what is inside most values as bytes: indexing a log then costs one shallow
parse for a record, and whoever wants the value parses the rest with the class that fits. Pictures and clips are parsed,
so that their size can be told without a copy of them.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

__all__ = ["DecodeError", "Event", "HistogramValue", "ProjectorValue", "TensorKind"]

_PACKAGE = "embedding_explorer.runs"
_F = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "double": _F.TYPE_DOUBLE,
    "float": _F.TYPE_FLOAT,
    "int64": _F.TYPE_INT64,
    "int32": _F.TYPE_INT32,
    "bytes": _F.TYPE_BYTES,
}
# name → fields as (number, name, type); "*" before a type: repeated; "=": one of the alternatives `content`.
_LAYOUT: dict[str, tuple[tuple[int, str, str], ...]] = {
    "Event": ((1, "wall_time", "double"), (2, "step", "int64"), (4, "graph_def", "bytes"), (5, "summary", "Summary")),
    "Summary": ((1, "value", "*Value"),),
    "Value": (
        (1, "tag", "bytes"),
        (2, "simple_value", "=float"),
        (4, "image", "=ImageValue"),
        (5, "histo", "=bytes"),
        (6, "audio", "=AudioValue"),
        (7, "projector", "bytes"),  # a text of other meaning may stand here beside a value
        (8, "tensor", "=bytes"),
        (9, "metadata", "Metadata"),
        (10, "transformer", "=bytes"),
    ),
    "Metadata": ((1, "plugin_data", "Plugin"),),
    "Plugin": ((1, "plugin_name", "bytes"), (2, "content", "bytes")),
    "ImageValue": ((1, "height", "int32"), (2, "width", "int32"), (4, "encoded_image_string", "bytes")),
    "HistogramValue": (
        (1, "min", "double"),
        (2, "max", "double"),
        (6, "bucket_limit", "*double"),
        (7, "bucket", "*double"),
    ),
    "AudioValue": (
        (1, "sample_rate", "float"),
        (2, "num_channels", "int64"),
        (3, "length_frames", "int64"),
        (4, "encoded_audio_string", "bytes"),
        (5, "content_type", "bytes"),
    ),
    "ProjectorValue": ((1, "embedding", "=bytes"), (2, "exception", "=bytes")),
    "EmbeddingParts": ((1, "sample", "bytes"), (2, "value", "bytes"), (3, "label", "bytes")),
    # Either kind of tensor; where the type of a field is another than here it counts as absent.
    "TensorKind": ((1, "dtype", "int32"), (8, "string_val", "*bytes")),
    "TextDtype": ((1, "dtype", "bytes"),),
    # Tensors of TS-VIS: those of its field `projector`, and those where TensorBoard has its own.
    "Dimension": ((1, "size", "int64"),),
    "ProjectorShape": ((1, "dim", "*Dimension"),),
    "ProjectorTensor": ((1, "dtype", "bytes"), (2, "tensor_shape", "ProjectorShape"), (3, "tensor_content", "bytes")),
    "TextTypedShape": ((2, "dim", "*Dimension"),),
    "TextTypedTensor": (
        (1, "dtype", "bytes"),
        (2, "tensor_shape", "TextTypedShape"),
        (4, "tensor_content", "bytes"),
        (8, "string_val", "*bytes"),
    ),
    "ExceptionParts": ((1, "value", "bytes"),),
    "SampleParts": ((2, "type", "int32"), (3, "X", "bytes")),
    "TransformerValue": (
        (1, "attentionItem", "*AttentionItem"),
        (2, "default_filter", "bytes"),
        (3, "bidirectional", "bytes"),
        (4, "displayMode", "bytes"),
        (5, "layer", "int32"),
        (6, "head", "int32"),
    ),
    "AttentionItem": ((1, "tag", "bytes"), (2, "attn", "bytes"), (3, "left", "bytes"), (4, "right", "bytes")),
    "SessionContent": ((2, "experiment", "bytes"), (3, "session_start_info", "SessionStart")),
    "SessionStart": (
        (1, "hparams", "*SessionEntry"),
        (2, "metrics", "*bytes"),
        (4, "group_name", "bytes"),
        (5, "start_time_secs", "double"),
    ),
    "SessionEntry": ((1, "key", "bytes"), (2, "value", "bytes")),
}


def _make() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _LAYOUT.items():
        _describe(file.message_type.add(name=name), fields)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"{_PACKAGE}.{name}")) for name in _LAYOUT}


def _describe(message: Any, fields: tuple[tuple[int, str, str], ...]) -> None:
    if any(kind.startswith("=") for _, _, kind in fields):
        message.oneof_decl.add(name="content")
    for number, name, kind in fields:
        plain = kind.lstrip("*=")
        field = message.field.add(name=name, number=number, label=_F.LABEL_OPTIONAL)
        if kind.startswith("*"):
            field.label = _F.LABEL_REPEATED
            field.options.packed = plain == "double"
        if kind.startswith("="):
            field.oneof_index = 0
        if plain in _TYPES:
            field.type = _TYPES[plain]
        else:
            field.type, field.type_name = _F.TYPE_MESSAGE, f".{_PACKAGE}.{plain}"


_MADE = _make()
Event: Any = _MADE["Event"]
HistogramValue: Any = _MADE["HistogramValue"]
ProjectorValue: Any = _MADE["ProjectorValue"]
EmbeddingParts: Any = _MADE["EmbeddingParts"]
TensorKind: Any = _MADE["TensorKind"]
TextDtype: Any = _MADE["TextDtype"]
ProjectorTensor: Any = _MADE["ProjectorTensor"]
TextTypedTensor: Any = _MADE["TextTypedTensor"]
ExceptionParts: Any = _MADE["ExceptionParts"]
SampleParts: Any = _MADE["SampleParts"]
TransformerValue: Any = _MADE["TransformerValue"]
SessionContent: Any = _MADE["SessionContent"]
SessionEntry: Any = _MADE["SessionEntry"]
