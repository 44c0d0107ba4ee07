import struct
from pathlib import Path

import pytest

from embedding_explorer.training.events import Events
from embedding_explorer.training.figures import Figures, Point


def test_figures_become_scalars_of_a_run(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    events = Events(tmp_path / "run")
    events.on_figures(Point("val", 1.0, 10, {"loss": 0.5, "accuracy": None}))
    events.on_resume(Figures([Point("val", 1.0, 10, {"loss": 0.5})]))
    events.on_figures(Point("train", 2.0, 20, {"loss": 0.25, "learning_rate": 0.01}))
    events.close()
    content = b"".join(path.read_bytes() for path in sorted((tmp_path / "run").iterdir()))
    for tag in (b"loss/val", b"accuracy/val", b"loss/train", b"learning_rate/train"):
        assert tag in content
    assert struct.pack("<f", 0.25) in content
