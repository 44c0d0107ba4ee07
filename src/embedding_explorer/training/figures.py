"""What a training reports, and the graphs of it (contract, 3.2, 5.6 and 5.10). No torch."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from embedding_explorer.errors import BadInput

MAX_POINTS = 200
MISSING = "none"
RATE = "learning_rate"
Phase = Literal["train", "val"]


@dataclass(frozen=True)
class Point:
    """Values reported at one moment.

    Attributes:
        phase: "train" or "val".
        epoch: epochs done by then.
        iteration: steps done by then.
        values: metric → value. Accuracies are fractions; what is not finite is kept as None, since JSON cannot say it.
    """

    phase: Phase
    epoch: float
    iteration: int
    values: Mapping[str, float | None]

    def to_json(self) -> list[Any]:
        """One line of a file of figures."""
        return [self.phase, self.epoch, self.iteration, dict(self.values)]


def finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """The values with None for what is not finite."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


@dataclass
class Figures:
    """All that a training has reported so far, in order."""

    points: list[Point] = field(default_factory=list)

    def add(self, point: Point) -> None:
        """Append one."""
        self.points.append(point)

    def of(self, phase: Phase) -> list[Point]:
        """The points of one phase."""
        return [point for point in self.points if point.phase == phase]

    def to_json(self) -> list[list[Any]]:
        """For a file; `figures_from_json` reads it back."""
        return [point.to_json() for point in self.points]

    def combined_graph(self, most: int | None = MAX_POINTS) -> dict[str, Any] | None:
        """Losses and accuracies in the shape of `combined_graph`; None until there is a training value.

        `most`: points per column; None keeps all.
        """
        graph: dict[str, Any] = {"columns": [], "xs": {}, "axes": {}, "names": {}}
        if not self.of("train"):
            return None
        phases: tuple[Phase, ...] = ("train", "val")
        for phase in phases:
            points = thinned(self.of(phase), most)
            if not points:
                continue
            for name in metrics(points):
                column, axis = f"{name}-{phase}", f"{phase}_epochs"
                percent = 100 if name.startswith("accuracy") else 1
                graph["columns"].append([column, *(_shown(point.values.get(name), percent) for point in points)])
                graph["xs"][column] = axis
                graph["names"][column] = f"{name} ({phase})"
                if percent == 100:
                    graph["axes"][column] = "y2"
            graph["columns"].append([f"{phase}_epochs", *(whole(point.epoch) for point in points)])
        return graph

    def rate_graph(self, most: int | None = MAX_POINTS) -> dict[str, Any] | None:
        """Learning rates in the shape of `lr_graph`; None until there is one."""
        points = thinned([point for point in self.of("train") if RATE in point.values], most)
        if not points:
            return None
        rates = [_shown(point.values[RATE]) for point in points]
        columns = [["epoch", *(whole(point.epoch) for point in points)], ["lr", *rates]]
        return {"columns": columns, "xs": {"lr": "epoch"}, "names": {"lr": "Learning Rate"}}

    def sparkline(self) -> list[float]:
        """Training losses, at most 200, without those that are not finite."""
        losses = (point.values.get("loss") for point in thinned(self.of("train"), MAX_POINTS))
        return [loss for loss in losses if loss is not None]

    def summary(self) -> dict[str, float]:
        """Last, least and greatest of every metric, as tables name them: `loss (train) last`, …; fractions."""
        found: dict[str, float] = {}
        phases: tuple[Phase, ...] = ("train", "val")
        for phase in phases:
            points = self.of(phase)
            for name in (*metrics(points), *([RATE] if phase == "train" else [])):
                values = [value for point in points if (value := point.values.get(name)) is not None]
                if values:
                    stem = f"{name} ({phase})"
                    found |= {f"{stem} last": values[-1], f"{stem} min": min(values), f"{stem} max": max(values)}
        return found


def metrics(points: Iterable[Point]) -> list[str]:
    """Names of what the points report, the learning rate apart, sorted."""
    return sorted({name for point in points for name in point.values} - {RATE})


def thinned(points: Sequence[Point], most: int | None) -> list[Point]:
    """At most `most` of them, evenly spread; the first and the last always."""
    count = len(points)
    if most is None or count <= most:
        return list(points)
    return [points[position * (count - 1) // (most - 1)] for position in range(most)]


def whole(epoch: float) -> float:
    """Whole epochs as integers, others as they are (contract, 1.1)."""
    return int(epoch) if epoch == int(epoch) else epoch


def snapshot_list(epochs: Iterable[float]) -> list[list[Any]]:
    """Snapshots as graphs list them: newest first, with a text."""
    return [[whole(epoch), f"Epoch #{whole(epoch)}"] for epoch in sorted(epochs, reverse=True)]


def figures_from_json(value: object) -> Figures:
    """What `Figures.to_json` gave; raises BadInput for anything else."""
    try:
        assert isinstance(value, list)
        return Figures([Point(phase, epoch, iteration, dict(values)) for phase, epoch, iteration, values in value])
    except (AssertionError, TypeError, ValueError) as error:
        raise BadInput("The file of figures is damaged; delete it, and the graphs begin anew.") from error


def _shown(value: float | None, factor: float = 1) -> float | str:
    return MISSING if value is None else value * factor
