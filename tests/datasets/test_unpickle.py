import collections
import copyreg
import datetime
import decimal
import io
import os
import pickle
import pickletools
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedding_explorer.datasets import unpickle as module
from embedding_explorer.datasets.pickled import Array, Pairs
from embedding_explorer.datasets.unpickle import load, unpickle
from embedding_explorer.errors import BadInput, LimitExceeded, RefusedPickle

PROTOCOLS = range(6)
ROWS = np.arange(30).reshape(10, 3)


def read(data: bytes) -> Any:
    return unpickle(data, "a.pickle")


def old_names(data: bytes) -> bytes:
    """A pickle as numpy 1 writes it; for protocols without frames."""
    return data.replace(b"numpy._core.", b"numpy.core.")


class Called:
    """Pickles as a call of `function`."""

    def __init__(self, function: Callable[..., Any], *arguments: Any, state: Any = None) -> None:
        self.parts = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.parts


# Arrays that are admitted


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "<f2", "<i8", ">i4", "u1"])
def test_an_array_of_numbers_reads_the_same(dtype: str, protocol: int) -> None:
    found = read(pickle.dumps(ROWS.astype(dtype), protocol)).values
    np.testing.assert_array_equal(found, ROWS)
    assert found.dtype == np.dtype(dtype)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("view", [ROWS.T, ROWS[::2, ::-1], ROWS[3], np.asfortranarray(ROWS * 0.5)])
def test_an_array_of_any_layout_reads_the_same(view: np.ndarray, protocol: int) -> None:
    found = read(pickle.dumps(view, protocol)).values
    np.testing.assert_array_equal(found, view)
    assert found.shape == view.shape


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_an_array_without_rows_keeps_its_shape(protocol: int) -> None:
    assert read(pickle.dumps(ROWS[:0], protocol)).values.shape == (0, 3)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3])
def test_pickles_of_numpy_1_are_read(protocol: int) -> None:
    data = old_names(pickle.dumps(ROWS * 0.5, protocol))
    assert b"numpy.core.multiarray" in data
    np.testing.assert_array_equal(read(data).values, ROWS * 0.5)


def test_a_pickle_of_python_2_is_read() -> None:
    raw = (ROWS * 0.5).tobytes()
    data = b"".join(
        [
            b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03",
            b"(K\x01K\x0aK\x03\x86cnumpy\ndtype\nq\x04U\x02f8K\x00K\x01\x87Rq\x05",
            b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89",
            b"T" + struct.pack("<i", len(raw)) + raw + b"tb.",
        ]
    )
    np.testing.assert_array_equal(pickle.loads(data, encoding="latin1"), ROWS * 0.5)
    np.testing.assert_array_equal(read(data).values, ROWS * 0.5)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_lists_tuples_dicts_numbers_and_texts_are_read(protocol: int) -> None:
    value = [1, -2.5, "text ü", None, True, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [[0.5] * 3] * 2000, 10**30]
    assert read(pickle.dumps(value, protocol)) == value
    pairs = read(pickle.dumps({"pca": 1, "umap": [2]}, protocol))
    assert isinstance(pairs, Pairs)
    assert pairs.items == ["pca", 1, "umap", [2]]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scalars_and_shared_arrays_are_read(protocol: int) -> None:
    found = read(pickle.dumps([np.float32(0.5), np.float64(-2), np.int64(7), ROWS, ROWS], protocol))
    assert found[:3] == [0.5, -2.0, 7.0]
    assert found[3] is found[4]


def test_an_optimised_pickle_is_read() -> None:
    data = pickletools.optimize(pickle.dumps([ROWS, ROWS], 4))
    np.testing.assert_array_equal(read(data)[1].values, ROWS)


# Globals that are refused by name, without effect


HOSTILE = [
    (Called(os.system, "touch effect"), r"(posix|nt)\.system"),
    (Called(eval, "open('effect', 'w')"), r"(builtins|__builtin__)\.eval"),
    (Called(exec, "open('effect', 'w')"), r"(builtins|__builtin__)\.exec"),
    (Called(getattr, "text", "upper"), r"(builtins|__builtin__)\.getattr"),
    (Called(open, "effect", "w"), r"_?io\.open"),
    (Called(np.load, "effect.npy"), r"numpy\.load"),
    (Called(np.fromfile, "effect"), r"numpy\..*fromfile"),
    (Called(bytearray, 10**12), r"(builtins|__builtin__)\.bytearray"),
    (Called(bytes, 5, state={"x": 1}), r"(builtins|__builtin__)\.bytes"),
    (np.ma.array([[1.0, 2.0, 3.0]]), r"numpy\.ma\..*"),
    (np.rec.array([(1.0, 2.0)]), r"numpy\..*"),
    (collections.OrderedDict(a=1), r"collections\.OrderedDict"),
    (datetime.date(2020, 1, 1), r"datetime\.date"),
    (decimal.Decimal(1), r"decimal\.Decimal"),
    (Path("a"), r"pathlib\.PosixPath|copy_?reg\._reconstructor"),
]


def named(module_name: str, name: str, protocol: int) -> bytes:
    """A pickle that calls a global of that name with the text `touch effect`."""
    if protocol < 4:
        return f"c{module_name}\n{name}\n(Vtouch effect\ntR.".encode()
    texts = [module_name.encode(), name.encode()]
    head = b"".join(b"\x8c" + bytes([len(text)]) + text for text in texts)
    return b"\x80\x04" + head + b"\x93\x8c\x0ctouch effect\x85R."


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("value", "wanted"), HOSTILE, ids=[wanted for _, wanted in HOSTILE])
def test_what_python_itself_pickles_is_refused_by_name(
    value: Any, wanted: str, protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pickle.dumps(value, protocol)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedPickle, match=r"^a\.pickle is refused\. It asks for '") as caught:
        read(data)
    assert re.fullmatch(wanted, str(caught.value.facts["wanted"]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("protocol", [0, 4])
@pytest.mark.parametrize(
    ("module_name", "name"),
    [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("builtins", "__import__"),
        ("__builtin__", "bytes"),
        ("importlib", "import_module"),
        ("numpy", "load"),
        ("numpy", "ndarray.tofile"),
        ("numpy", "ndarray.__reduce__"),
        ("numpy", "f2py.compile"),
        ("numpy.f2py", "compile"),
        ("numpy.testing", "run_module_suite"),
        ("numpy.testing._private.utils", "runstring"),
        ("numpy.distutils.exec_command", "exec_command"),
        ("numpy.core.multiarray", "fromfile"),
        ("numpy.core.multiarray", "_reconstruct.__globals__"),
        ("numpy._core.numeric", "fromfile"),
        ("numpy._core.numeric", "_frombuffer.__globals__"),
        ("numpy.ctypeslib", "load_library"),
        ("_codecs", "decode"),
        ("_codecs", "lookup"),
        ("codecs", "encode"),
        ("copyreg", "__newobj__"),
        ("copy_reg", "_reconstructor"),
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("pandas.core.frame", "DataFrame"),
        ("sklearn.decomposition._pca", "PCA"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("", ""),
    ],
)
def test_any_other_global_is_refused_by_name(module_name: str, name: str, protocol: int) -> None:
    with pytest.raises(RefusedPickle) as caught:
        read(named(module_name, name, protocol))
    assert caught.value.facts["wanted"] == f"{module_name}.{name}"
    assert repr(f"{module_name}.{name}") in caught.value.message
    assert "Only numpy arrays" in caught.value.message


def test_a_data_frame_is_refused_by_name() -> None:
    data = b"\x80\x04\x8c\x11pandas.core.frame\x8c\x09DataFrame\x93)\x81}b."
    with pytest.raises(RefusedPickle, match=r"pandas\.core\.frame\.DataFrame"):
        read(data)


def test_a_very_long_name_is_cut() -> None:
    with pytest.raises(RefusedPickle) as caught:
        read(b"c" + b"x" * 100_000 + b"\ny\n.")
    assert len(caught.value.message) < 500


def test_a_hostile_global_inside_a_dict_or_behind_an_array_is_refused() -> None:
    for value in ({"a": [Called(os.system, "true")]}, [ROWS, (1, Called(os.system, "true"))]):
        with pytest.raises(RefusedPickle, match="system"):
            read(pickle.dumps(value))


# Opcodes that arrays do not need


class Persistent(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return "id" if value == "x" else None


@pytest.mark.parametrize("protocol", [0, 2])
def test_persistent_ids_are_refused(protocol: int) -> None:
    buffer = io.BytesIO()
    Persistent(buffer, protocol).dump(["x"])
    with pytest.raises(RefusedPickle, match="PERSID"):
        read(buffer.getvalue())


@pytest.mark.parametrize("code", [5, 500, 70_000])
def test_extension_codes_are_refused_even_if_registered_and_known(code: int) -> None:
    copyreg.add_extension("os", "system", code)
    try:
        data = pickle.dumps(os.system, 2)
        copyreg.add_extension("posix", "system", code + 1)
        data = pickle.dumps(os.system, 2)
        pickle.loads(data)  # now the standard library answers from its cache, without asking find_class
        with pytest.raises(RefusedPickle, match="EXT"):
            read(data)
    finally:
        copyreg.remove_extension("os", "system", code)
        copyreg.remove_extension("posix", "system", code + 1)


def test_inst_is_refused_by_name() -> None:
    with pytest.raises(RefusedPickle, match=r"os\.system"):
        read(b"(S'true'\nios\nsystem\n.")
    with pytest.raises(RefusedPickle, match="INST"):
        read(b"(I5\ninumpy\nndarray\n.")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("OBJ", b"(cnumpy\nndarray\nI5\no."),
        ("NEWOBJ", b"\x80\x02cnumpy\nndarray\nI5\n\x85\x81."),
        ("NEWOBJ_EX", b"\x80\x04cnumpy\nndarray\nI5\n\x85}\x92."),
        ("EMPTY_SET", b"\x80\x04\x8f."),
        ("FROZENSET", b"\x80\x04(\x91."),
        ("NEXT_BUFFER", b"\x80\x05\x97."),
        ("READONLY_BUFFER", b"\x80\x05C\x01a\x98."),
    ],
)
def test_other_opcodes_are_refused_by_name(name: str, data: bytes) -> None:
    with pytest.raises(RefusedPickle, match=name):
        read(data)


# Admitted globals put to other uses


def test_numpy_ndarray_is_not_called() -> None:
    with pytest.raises(RefusedPickle, match=r"numpy\.ndarray"):
        read(b"cnumpy\nndarray\n((I1000000\nI1000000\nttR.")


@pytest.mark.parametrize("kind", [object, "V12", "S5", "U5", "M8[s]", "?", "c8", "g", [("a", "f4")], ("f4", (3,))])
@pytest.mark.parametrize("protocol", [2, 5])
def test_arrays_of_anything_but_plain_numbers_are_refused(kind: Any, protocol: int) -> None:
    if kind == ("f4", (3,)):
        value: Any = np.dtype(kind)
        value = np.zeros(2, [("a", value)])
    else:
        value = np.zeros(2, kind)
    with pytest.raises(RefusedPickle, match=r"type|asks for"):
        read(pickle.dumps(value, protocol))


def test_an_object_array_cannot_smuggle_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    value = np.array([Called(os.system, "touch effect"), None, None], dtype=object)
    with pytest.raises(RefusedPickle):
        read(pickle.dumps(value))
    with pytest.raises(RefusedPickle):
        read(pickle.dumps(np.array([[1.0, 2.0, "x"]], dtype=object)))
    assert list(tmp_path.iterdir()) == []


DTYPE = b"cnumpy\ndtype\n(Vf4\nI0\nI1\ntR(I3\nV<\nNNNI-1\nI-1\nI0\ntb"
EMPTY = b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntC\x01btR"


@pytest.mark.parametrize(
    "shape", [b"I1000000000\nI1000000000\nI1000000000\n", b"I2\n", b"I-1\n", b"I4\nI-1\n", b"F3.0\n", b"Vx\n", b"I01\n"]
)
def test_a_shape_must_match_the_bytes_there_are(shape: bytes) -> None:
    with pytest.raises(BadInput, match="damaged"):
        read(EMPTY + b"(I1\n(" + shape + b"t" + DTYPE + b"I00\nC\x0c" + b"\0" * 12 + b"tb.")


def test_a_shape_of_enormous_numbers_is_not_multiplied() -> None:
    number = b"\x8b" + struct.pack("<i", 200_000) + b"\x7f" * 200_000
    with pytest.raises(BadInput, match="more than it holds"):
        read(EMPTY + b"(I1\n(" + number * 30 + b"t" + DTYPE + b"I00\nC\x0c" + b"\0" * 12 + b"tb.")


@pytest.mark.parametrize(
    "data",
    [
        b"cnumpy\nndarray\n}b.",
        b"cnumpy\ndtype\n(N}V__defaults__\nI1\nstb.",
        b"c_codecs\nencode\n(N}V__code__\nI1\nstb.",
        b"c_codecs\nencode\n(Vx\nVrot13\ntR.",
        b"c_codecs\nencode\n(Vx\n(ltR.",
        EMPTY + b"}b.",
        EMPTY + b"(I1\nI2\ntb.",
        EMPTY + b"(I1\n(I3\ntNI00\nC\x0c" + b"\0" * 12 + b"tb.",
        DTYPE + b"(I1\ntb.",
        b"cnumpy._core.multiarray\n_reconstruct\n(NNNtR.",
        b"cnumpy._core.multiarray\n_reconstruct\n(c_codecs\nencode\nNNtR.",
        b"cnumpy._core.multiarray\nscalar\n(" + DTYPE + b"C\x0333\0tR.",
        b"cnumpy._core.numeric\n_frombuffer\n(VC\nNNNtR.",
        b"I5\n(tR.",
        b"(lR.",
        b"I5\nI6\na.",
    ],
)
def test_admitted_words_in_wrong_places_are_damage(data: bytes) -> None:
    with pytest.raises(BadInput, match="damaged or no pickle"):
        read(data)


def test_a_compound_type_is_refused() -> None:
    with pytest.raises(RefusedPickle, match="compound"):
        read(b"cnumpy\ndtype\n(Vf4\nI0\nI1\ntR(I3\nV|\nN(Va\nt}I12\nI1\nI0\ntb.")


def test_items_are_not_put_into_bytes_that_an_array_lies_over() -> None:
    data = b"\x80\x05\x96\x0c" + b"\0" * 7 + b"\0" * 12 + b"q\x00I1\na."
    with pytest.raises(BadInput, match="items"):
        read(data)


# Abuse of memory and time


def test_a_memo_of_absurd_size_is_damage() -> None:
    with pytest.raises(BadInput, match="memo"):
        read(b"\x80\x02K\x01r\xff\xff\xff\x7f.")


@pytest.mark.parametrize("opcode", [b"B", b"X", b"T", b"\x8b"])
def test_a_declared_length_beyond_the_file_is_damage(opcode: bytes) -> None:
    with pytest.raises(BadInput):
        read(b"\x80\x02" + opcode + b"\xff\xff\xff\x7fabc.")


@pytest.mark.parametrize("opcode", [b"\x8d", b"\x8e", b"\x96"])
def test_a_declared_length_of_eight_bytes_beyond_the_file_is_damage(opcode: bytes) -> None:
    for length in (b"\xff" * 7 + b"\x7f", b"\xff" * 8, b"\0\0\0\0\x10\0\0\0"):
        with pytest.raises(BadInput):
            read(b"\x80\x05" + opcode + length + b"abc.")


def test_one_text_is_not_decoded_over_and_over() -> None:
    text = b"X" + struct.pack("<I", 10_000) + b"a" * 10_000 + b"q\x00"
    encode = b"0c_codecs\nencode\nq\x01X\x06\0\0\0latin1q\x0200"
    with pytest.raises(BadInput, match="over and over"):
        read(b"\x80\x02" + text + encode + b"h\x01h\x00h\x02\x86R0" * 1000 + b"N.")


def test_the_number_of_steps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OPCODES", 100)
    assert read(pickle.dumps(ROWS)) is not None
    with pytest.raises(LimitExceeded, match="100 steps"):
        read(b"\x80\x04" + b"]" * 200 + b".")


def test_deep_nesting_and_cycles_do_no_harm() -> None:
    assert read(b"]q\x00h\x00a.") != []
    assert read(b")" + b"\x85" * 100_000 + b".") is not None
    with pytest.raises(BadInput):
        read(b")" + b"\x85" * 100_000 + b"]\x93.")
    assert isinstance(read(b"})" + b"\x85" * 100_000 + b"K\x01s."), Pairs), "a key is never hashed"


# Damage


@pytest.mark.parametrize(
    "data", [b"", b".", b"hello", b"\x80\x04", b"\x80\x04.", b"PK\x03\x04", b"\x1f\x8b\x08", b"\x00"]
)
def test_what_is_no_pickle_is_told(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"a\.pickle is damaged or no pickle"):
        read(data)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_cut_off_anywhere_is_damage(protocol: int) -> None:
    data = pickle.dumps([ROWS * 0.5], protocol)
    for end in range(len(data)):
        with pytest.raises(BadInput):
            read(data[:end])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_with_any_byte_changed_never_does_more_than_fail(protocol: int) -> None:
    data = pickle.dumps([ROWS[:2] * 0.5, {"a": (1, "x")}, np.float32(1)], protocol)
    random = np.random.default_rng(protocol)
    for place in range(len(data)):
        for value in {0, 255, *random.integers(0, 256, 6).tolist()}:
            try:
                read(data[:place] + bytes([value]) + data[place + 1 :])
            except (BadInput, LimitExceeded):
                continue


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pickle"
    path.write_bytes(pickle.dumps(ROWS))
    assert isinstance(load(path, "a.pickle"), Array)
    with pytest.raises(LimitExceeded, match="limit of 10"):
        load(path, "a.pickle", max_bytes=10)


def test_a_refusal_names_the_file() -> None:
    with pytest.raises(RefusedPickle) as caught:
        read(pickle.dumps(os.system))
    assert caught.value.facts["file"] == "a.pickle"
