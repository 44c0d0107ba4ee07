"""The endpoint of graphs (contract, 6.15): which one is asked for, and how each dialect has it written."""

from pathlib import Path
from typing import Any

import orjson

from embedding_explorer.errors import LimitExceeded, NoLogData, UnreadableLog
from embedding_explorer.runs.base import LogSet, Run
from embedding_explorer.runs.computation_graph import computation_tree
from embedding_explorer.runs.derived_graph import derived_graph
from embedding_explorer.runs.graph_tree import Tree
from embedding_explorer.runs.operators import OPERATORS
from embedding_explorer.runs.structure_graph import structure_graphs

COMPUTATION, STRUCTURE = "c_graph", "s_graph"


def graph(logs: LogSet, *, dialect: str, run: str, tag: str = "") -> object:
    """A graph of a run; without a tag its computation graph, if it has one."""
    found = logs.run(run)
    tag = tag or (COMPUTATION if found.has("graph", "") else STRUCTURE)
    if tag == COMPUTATION:
        return written(computation_of(found).to_json(), dialect)
    if tag == STRUCTURE:
        return written(structure_of(found), dialect)
    raise NoLogData()


def written(net: list[Any], dialect: str) -> object:
    """JSON within JSON, as the two dialects have it; raises LimitExceeded for what is nested too deep."""
    try:
        if dialect == "web":
            return orjson.dumps({"net": net, "operator": OPERATORS}).decode()
        return {"net": orjson.dumps(net).decode(), "operator": orjson.dumps(OPERATORS).decode()}
    except TypeError as error:  # orjson's own, for too many levels
        raise LimitExceeded("The graph is nested too deep to be drawn.") from error


def computation_of(run: Run) -> Tree:
    """The first GraphDef of a run as a tree; raises NoLogData, UnreadableLog, LimitExceeded."""
    records = run.records("graph", "", [0])
    if not records:
        raise NoLogData()
    return computation_tree(records[0].value)


def structure_of(run: Run) -> list[list[dict[str, Any]]]:
    """The structure graphs of a run's JSON files, else the one derived from its GraphDef; raises as above."""
    files = run.structure_graphs()
    graphs = [graph for path in files for graph in readable(path, len(files) == 1)]
    if graphs or not run.has("graph", ""):
        if not files:
            raise NoLogData()
        return graphs
    return [derived_graph(computation_of(run))]


def readable(path: Path, only: bool) -> list[list[dict[str, Any]]]:
    """The graphs of a file; where it is not the only one, a broken one does not hide the others."""
    try:
        return structure_graphs(path)
    except UnreadableLog:
        if only:
            raise
        return []
