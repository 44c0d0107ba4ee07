"""Operators of TensorFlow that networks are not allowed, by name."""

import re
from collections.abc import Iterable

from embedding_explorer.errors import BadInput

# Python, files, other machines, programs hidden in texts, what only tensor processing units have, and the pipelines that
# feed a training. `.*Summary` computes a text; its writers are refused.
_REFUSED = re.compile(
    r"_?(Eager)?PyFunc.*|.*(Read|Write|Matching)Files?(?![a-z]).*|.*Dataset.*|.*Iterator.*|.*Reader.*|RecordInput.*"
    r"|.*Summary.*Writer.*|SummaryWriter|Write.*Summary|ImportEvent|.*Snapshot.*|CalibrationStatisticsSaver"
    r"|(Experimental)?StatsAggregator.*|InitializeTableFromTextFile.*|.*Load.*|GenerateVocabRemapping|.*VocabRemapping.*"
    r"|FixedUnigramCandidateSampler|FileSystem.*|Debug.*|Dump.*|Rpc.*|Remote.*|_?(Host)?(Send|Recv)|_Host.*|Worker.*"
    r"|Collective.*|DTensor.*|Distributed.*|DeleteRpc.*|DecodeProto.*|EncodeProto.*|Xla.*|_Xla.*|.*TPU.*|TRT.*|XRT.*"
    r"|.*CustomCall.*|Nccl.*|OutfeedDequeue.*|InfeedEnqueue.*"
)
# An argument of such a name may be a path or an address; this catches operators that came after this list was written.
_PATHS = re.compile(r"(^|_)(files?|file_?names?|file_?pattern|path|url|urls|address|log_?dir)($|_)")
# They change what the network remembers from one image to the next.
_STATEFUL = re.compile(
    r".*Assign.*|(Resource)?(Sparse)?Apply.*|(Resource)?Scatter.*|.*Queue.*|(Ordered)?(Map)?(Un)?[Ss]tage.*|.*Barrier.*"
    r"|Restore.*|Save.*|MergeV2Checkpoints|Destroy.*|Initialize.*|.*Table(Insert|Import|Remove|Clear).*|.*Accumulator.*"
    r"|TemporaryVariable|DisableCopyOnRead"
)
_VARIABLES = re.compile(r"Variable(V2)?|VarHandleOp|AutoReloadVariable")
_WRITERS = frozenset(("Save", "SaveV2", "SaveSlices", "MergeV2Checkpoints"))
_RESTORERS = frozenset(("Restore", "RestoreV2", "RestoreSlice"))
_PRINT = "PrintV2"


def screen_operator(name: str) -> None:
    """Raise BadInput for an operator that can do more than compute."""
    if _REFUSED.fullmatch(name):
        raise BadInput(
            f"uses the operator {name[:80]!r}; operators that run Python, use files or other machines, or feed a training "
            "do not run here. Export the network for serving"
        )


def writes_checkpoints(name: str) -> bool:
    """Whether an operator writes a checkpoint; every export has one, and nobody here needs it."""
    return name in _WRITERS


def reads_checkpoints(name: str) -> bool:
    """Whether an operator reads a checkpoint, as the loader must."""
    return name in _RESTORERS


def changes_state(name: str) -> bool:
    """Whether an operator changes variables or other state, such as by initialising them once more."""
    return _STATEFUL.fullmatch(name) is not None


def is_variable(name: str) -> bool:
    """Whether an operator holds weights that come from a checkpoint."""
    return _VARIABLES.fullmatch(name) is not None


def takes_path(name: str, arguments: Iterable[str]) -> bool:
    """Whether an operator with these arguments may open files, other than the checkpoint."""
    known = writes_checkpoints(name) or reads_checkpoints(name) or name.startswith("Sharded")
    return not known and any(map(_PATHS.search, arguments))


def prints(name: str) -> bool:
    """Whether an operator prints, which may be to a file."""
    return name == _PRINT
