"""Event files written by TensorBoard's own classes, for tests."""

import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto

from embedding_explorer.checksums import masked_crc32c

BEGUN = 1_600_000_000.0  # seconds; the record of step n is made n seconds later
NAME = "events.out.tfevents.1600000000.host"


def write(path: Path, events: Iterable[Event], mode: str = "wb") -> Path:
    """A file of these events."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode) as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())
    return path


def framed(payload: bytes) -> bytes:
    """A record with the quick checksums; TensorBoard's writer takes a minute for a gigabyte's."""
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", masked_crc32c(length)) + payload + struct.pack("<I", masked_crc32c(payload))


def write_large(path: Path, megabytes: int) -> Path:
    """A scalar `loss` and a picture `noise` of a megabyte a step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = os.urandom(1 << 20)
    with path.open("wb") as file:
        for step in range(megabytes):
            file.write(framed(scalar("loss", step, step).SerializeToString()))
            file.write(framed(image("noise", step, noise).SerializeToString()))
    return path


def event(step: int, value: "Summary.Value") -> Event:
    return Event(step=step, wall_time=BEGUN + step, summary=Summary(value=[value]))


def event_of(step: int, values: Mapping[str, float]) -> Event:
    """One event with several scalars."""
    made = Event(step=step, wall_time=BEGUN + step)
    for tag, value in values.items():
        made.summary.value.add(tag=tag, simple_value=value)
    return made


def scalar(tag: str, step: int, value: float) -> Event:
    return event(step, Summary.Value(tag=tag, simple_value=value))


def scalars(tag: str, values: Iterable[float], start: int = 0) -> list[Event]:
    return [scalar(tag, start + n, value) for n, value in enumerate(values)]


def histogram(tag: str, step: int, limits: list[float], counts: list[float], least: float, most: float) -> Event:
    histo = HistogramProto(min=least, max=most, num=sum(counts), bucket_limit=limits, bucket=counts)
    return event(step, Summary.Value(tag=tag, histo=histo))


def image(tag: str, step: int, data: bytes, width: int = 0, height: int = 0) -> Event:
    return event(
        step, Summary.Value(tag=tag, image=Summary.Image(width=width, height=height, encoded_image_string=data))
    )


def audio(tag: str, step: int, data: bytes, content_type: str = "audio/wav") -> Event:
    clip = Summary.Audio(
        sample_rate=44100, num_channels=1, length_frames=800, encoded_audio_string=data, content_type=content_type
    )
    return event(step, Summary.Value(tag=tag, audio=clip))


def tensor(tag: str, step: int, value: Any, plugin: str = "") -> Event:
    """A value as TensorFlow 2 writes it; bytes and lists of them as strings."""
    array = np.array(value, object) if isinstance(value, (bytes, list)) else np.asarray(value)
    made = Summary.Value(tag=tag, tensor=make_tensor_proto(array))
    if plugin:
        made.metadata.plugin_data.plugin_name = plugin
    return event(step, made)
