"""Images, audio and texts as the contract writes them (6.4, 6.5, 6.8 to 6.10)."""

from embedding_explorer.errors import LimitExceeded, NoLogData
from embedding_explorer.runs.base import Kind, LogSet, Run
from embedding_explorer.runs.media import Media, sniffed

MAX_TEXT = 64 << 20  # bytes of the records that one answer is made of


def image(logs: LogSet, *, dialect: str, run: str, tag: str) -> object:
    """When each image was made, and its size."""
    return {
        tag: [
            {"wall_time": time, "step": step, "width": width, "height": height}
            for step, time, (width, height) in logs.run(run).outlines("image", tag)
        ]
    }


def image_raw(logs: LogSet, *, dialect: str, step: int, run: str, tag: str) -> Media:
    """The image at a step, as it is stored."""
    return sniffed(logs.run(run).at_step("image", tag, step).value.data)


def text(logs: LogSet, *, dialect: str, run: str, tag: str) -> object:
    """The texts of a tag; raises LimitExceeded, before any is read, where they are too many or too long."""
    found = any_run(logs, run, "text", tag)
    if found.size("text", tag) > MAX_TEXT:
        raise LimitExceeded(f"The texts of this tag take more than {MAX_TEXT} bytes.", limit=MAX_TEXT)
    records = found.records("text", tag)
    shown = [value if dialect == "web" else "\n".join(value) for _, _, value, _ in records]
    return {
        tag: [
            {"wall_time": record.wall_time, "step": record.step, "value": value}
            for record, value in zip(records, shown, strict=True)
        ]
    }


def audio(logs: LogSet, *, dialect: str, run: str, tag: str) -> object:
    """When each clip was made, and what it says of itself."""
    return {
        tag: [
            {"wall_time": time, "step": step, "label": label, "contentType": content_type}
            for step, time, (label, content_type) in any_run(logs, run, "audio", tag).outlines("audio", tag)
        ]
    }


def audio_raw(logs: LogSet, *, dialect: str, step: int, run: str, tag: str) -> Media:
    """The clip at a step, as it is stored."""
    return sniffed(any_run(logs, run, "audio", tag).at_step("audio", tag, step).value.data)


def any_run(logs: LogSet, name: str, kind: Kind, tag: str) -> Run:
    """That run; where there is none of the name, the first that has the tag (contract, 6.8). Raises NoLogData."""
    found = logs.find(name) or next((run for run in logs.runs() if run.has(kind, tag)), None)
    if found is None:
        raise NoLogData()
    return found
