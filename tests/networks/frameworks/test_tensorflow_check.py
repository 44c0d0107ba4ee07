import time
from pathlib import Path

import pytest

from embedding_explorer.networks.frameworks import FRAMEWORKS
from embedding_explorer.networks.frameworks.tensorflow.check import MAX_MISSING
from embedding_explorer.networks.frameworks.tensorflow.operators import takes_path
from tests.networks.frameworks.helpers import faults_of, written
from tests.networks.frameworks.saved_models import INDEX, attribute, constant, encode, node, saved_model

TF = "tensorflow-1.x"
FINE = saved_model(node("x", "Placeholder"), node("y", "Relu", ["x"]), node("save/SaveV2", "SaveV2"))
VARIABLES = {"variables.index": INDEX, "variables.data-00000-of-00001": b"\0"}


def faults(folder: Path, files: dict[str, bytes]) -> dict[str, list[str]]:
    return faults_of(TF, written(folder, files))


def test_a_frozen_graph_and_one_with_variables(tmp_path: Path) -> None:
    assert faults(tmp_path, {"saved_model.pb": FINE}) == {}
    held = saved_model(node("v", "VarHandleOp"))
    assert list(faults(tmp_path, {"saved_model.pb": held})) == ["files.variables.index"]
    assert faults(tmp_path, {"saved_model.pb": held} | VARIABLES) == {}


@pytest.mark.parametrize(
    "operator",
    [
        "PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles", "TFRecordDataset",
        "TextLineDatasetV2", "CSVDataset", "CacheDatasetV2", "SnapshotDataset", "IteratorGetNext", "WholeFileReaderV2",
        "InitializeTableFromTextFileV2", "CreateSummaryFileWriter", "WriteScalarSummary", "DebugIdentityV3", "DumpTensor",
        "RpcCall", "LoadAndRemapMatrix", "GenerateVocabRemapping", "DecodeProtoV2", "XlaCallModule", "_Send", "RemoteCall",
        "DatasetFromGraph", "FixedUnigramCandidateSampler", "FileSystemSetConfiguration", "ImportEvent",
    ],
)  # fmt: skip
def test_operators_that_do_more_than_compute(tmp_path: Path, operator: str) -> None:
    evil = node("evil", operator)
    assert operator in faults(tmp_path, {"saved_model.pb": saved_model(evil)})["files.saved_model.pb"][0]
    inner = saved_model(node("x", "Placeholder"), functions=[[node("y", "Relu"), evil]])
    assert operator in faults(tmp_path, {"saved_model.pb": inner})["files.saved_model.pb"][0]
    twice = FINE + saved_model(evil)  # a second graph; readers of protobuf take both
    assert operator in faults(tmp_path, {"saved_model.pb": twice})["files.saved_model.pb"][0]
    text = f'meta_graphs {{ graph_def {{ node {{ name: "e" op: "{operator}" }} }} }}'.encode()
    assert operator in faults_of(TF, written(tmp_path, {"saved_model.pbtxt": text}))["files.saved_model.pbtxt"][0]


@pytest.mark.parametrize(
    "operator",
    [
        "Conv2D",
        "RestoreV2",
        "SaveV2",
        "MergeV2Checkpoints",
        "ShardedFilename",
        "ScalarSummary",
        "ReadVariableOp",
        "MatMul",
    ],
)
def test_operators_of_every_export(tmp_path: Path, operator: str) -> None:
    assert faults(tmp_path, {"saved_model.pb": saved_model(node("a", operator))}) == {}


def test_printing_to_a_file(tmp_path: Path) -> None:
    def printing(where: bytes) -> bytes:
        return saved_model(node("p", "PrintV2", attributes=attribute("output_stream", encode(2, where))))

    assert faults(tmp_path, {"saved_model.pb": printing(b"stderr")}) == {}
    assert "prints" in faults(tmp_path, {"saved_model.pb": printing(b"file:///etc/x")})["files.saved_model.pb"][0]


def test_huge_constants(tmp_path: Path) -> None:
    assert faults(tmp_path, {"saved_model.pb": saved_model(constant(1000, 1000))}) == {}
    for sides in ((1 << 20, 1 << 20), (1 << 63,)):
        assert (
            "constant" in faults(tmp_path, {"saved_model.pb": saved_model(constant(*sides))})["files.saved_model.pb"][0]
        )


def test_constants_of_too_many_axes(tmp_path: Path) -> None:
    assert faults(tmp_path, {"saved_model.pb": saved_model(constant(*[1] * 64))}) == {}
    assert "axes" in faults(tmp_path, {"saved_model.pb": saved_model(constant(*[1] * 65))})["files.saved_model.pb"][0]


@pytest.mark.parametrize("data", [b"", b"hello", FINE[:-5], b"\x08\x01", b"\x80\x02}"])
def test_files_that_are_no_saved_models(tmp_path: Path, data: bytes) -> None:
    assert list(faults(tmp_path, {"saved_model.pb": data})) == ["files.saved_model.pb"]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"hello"])
def test_texts_that_are_no_saved_models(tmp_path: Path, data: bytes) -> None:
    assert list(faults(tmp_path, {"saved_model.pbtxt": data})) == ["files.saved_model.pbtxt"]


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["variables.index"], "files.variables.data-00000-of-00001"),
        (["variables.index", "variables.data-00000-of-00002"], "files.variables.data-00001-of-00002"),
        (["variables.data-00000-of-00001"], "files.variables.index"),
    ],
)
def test_variables_are_whole(tmp_path: Path, names: list[str], fault: str) -> None:
    files = {"saved_model.pb": FINE} | {name: INDEX for name in names}
    assert list(faults(tmp_path, files)) == [fault]


def test_each_of_many_variables_is_looked_for(tmp_path: Path) -> None:
    shards = [f"variables.data-{k:05d}-of-01100" for k in range(1100) if k != 1050]
    files = written(tmp_path, {"saved_model.pb": FINE, "variables.index": INDEX, "shard": b""})
    found = faults_of(TF, files | dict.fromkeys(shards, files["shard"]))
    assert list(found) == ["files.variables.data-01050-of-01100"]


def test_shards_of_many_numbers_are_refused_at_once(tmp_path: Path) -> None:
    shards = [f"variables.data-00000-of-{n:05d}" for n in range(90_000, 93_000)]
    files = written(tmp_path, {"saved_model.pb": FINE, "variables.index": INDEX, "shard": b""})
    before = time.process_time()
    found = faults_of(TF, files | dict.fromkeys(shards, files["shard"]))
    assert "different numbers" in str(found["files.variables.index"]) and len(found) == 1 + MAX_MISSING
    assert time.process_time() - before < 2


def test_an_index_that_is_cut_off_and_a_missing_model(tmp_path: Path) -> None:
    files = {"saved_model.pb": FINE} | VARIABLES | {"variables.index": INDEX[:-1]}
    assert list(faults(tmp_path, files)) == ["files.variables.index"]
    assert list(faults(tmp_path, dict(VARIABLES))) == ["files.saved_model.pb"]


def test_a_link_among_the_files(tmp_path: Path) -> None:
    files = written(tmp_path, {"saved_model.pb": FINE, "variables.index": INDEX})
    (tmp_path / "shard").symlink_to("/etc/passwd")
    files["variables.data-00000-of-00001"] = tmp_path / "shard"
    assert "no regular file" in faults_of(TF, files)["files.variables.data-00000-of-00001"][0]


def test_arguments_that_are_paths() -> None:
    assert takes_path("NewOperator", ["input", "file_name"]) and takes_path("Other", ["debug_urls"])
    assert not takes_path("CTCBeamSearchDecoder", ["inputs", "top_paths"]) and not takes_path("SaveV2", ["filename"])


def test_the_extra_is_named() -> None:
    assert FRAMEWORKS[TF].extra == "tensorflow" and FRAMEWORKS[TF].packages == ("tensorflow",)
