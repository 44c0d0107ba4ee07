"""Screening TorchScript archives without torch (networks contract, 13.3).

Loading one already runs code of it: modules may bring a `__setstate__`. So everything that the language could reach is
decided here, on the source code in the archive, before the loader sees it.
"""

import re
from io import BytesIO
from pathlib import Path

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.archives import Archive, is_archive
from embedding_explorer.networks.frameworks.pytorch.pickles import globals_of

# A traced transformer of torchvision has sixty kilobytes.
MAX_SOURCE_BYTES = 16 << 20
MAX_PICKLE_BYTES = 64 << 20
CODE, CONSTANTS, DATA = "code/", "constants.pkl", "data.pkl"
# What the loader needs; anything else (positions in source files, code for phones) is left out when it is loaded.
_KEPT = re.compile(r"(code/.*\.py|(data|constants)(\.pkl|/[0-9]+)|version|byteorder|\.data/(version|serialization_id))")

# Operators that open files or connections, as functions or as methods of values. None is a likely name of anything
# else, so the texts are searched for them as they are: no trick of the language's syntax can hide a name from that.
_BANNED = re.compile(r"\b(save|from_file|rpc_async|rpc_sync|rpc_remote|PythonOp|IgnoredPythonOp)\b")
# torch's own printer writes these tokens and no others. Comments and line continuations are not among them.
_TOKEN = re.compile(
    r"""\s+|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9A-Za-z_.]*(?:(?<=[eE])[+-][0-9]+)?"""
    r"""|->|//|\*\*|<<|>>|[-+*/%@&|^~<>=!]=?|[][(){},:.;]"""
)
# Outside `aten`, which is plain `torch.` in the code, only `prim` is built in and of use. Its operators of lower-case
# names are functions of values; of the others, most of which are the compiler's own, these are written in programs.
_NAMESPACES = {"aten", "prim"}
_PRIM = re.compile(r"[a-z_]+|NumToTensor|RaiseException|ModuleContainerIndex")


def is_torchscript(path: Path) -> bool:
    """Whether a file is an archive of TorchScript, by its entries; raises BadInput for damaged archives."""
    if not is_archive(path):
        return False
    with Archive(path) as archive:
        return _has_code(archive)


def screen_file(path: Path) -> None:
    """`screen` of a file."""
    with Archive(path) as archive:
        screen(archive)


def screen(archive: Archive) -> None:
    """Raise BadInput for an archive that could do more than compute."""
    if not _has_code(archive):
        raise BadInput("is no TorchScript archive: it has no code folder with a constants.pkl beside it")
    code = [name for name in archive.names if name.casefold().startswith(CODE)]
    if sum(map(archive.size, code)) > MAX_SOURCE_BYTES:
        raise BadInput(f"has more than {MAX_SOURCE_BYTES} bytes of code")
    for name in code:
        if not name.endswith(".debug_pkl"):
            screen_code(archive.read(name, MAX_SOURCE_BYTES))
    for name in (CONSTANTS, DATA):
        _screen_pickle(archive.read(name, MAX_PICKLE_BYTES))


def _has_code(archive: Archive) -> bool:
    return CONSTANTS in archive.names and any(name.startswith(CODE) for name in archive.names)


def kept(archive: Archive) -> list[str]:
    """The entries that the loader needs."""
    return [name for name in archive.names if _KEPT.fullmatch(name)]


def screen_code(source: bytes) -> None:
    """Raise BadInput for source code that uses anything but built-in operators that compute."""
    try:
        code = source.decode("ascii")
    except UnicodeDecodeError as error:
        raise BadInput("has TorchScript code with characters that torch does not write") from error
    if banned := _BANNED.search(code):
        raise BadInput(f"has TorchScript code with {banned.group()!r}, which can reach files or other machines")
    tokens = _tokens(code)
    for i, token in enumerate(tokens):
        if token == "ops":
            _screen_operator(tokens, i)
        elif token == "classes" and tokens[i - 2 : i] == ["torch", "."]:
            raise BadInput("has TorchScript code with a custom class, torch.classes")


def _tokens(code: str) -> list[str]:
    """What the code consists of, without spaces and texts; raises BadInput for anything else."""
    tokens, position = [], 0
    while position < len(code):
        match = _TOKEN.match(code, position)
        if match is None:
            raise BadInput(f"has TorchScript code that torch does not write, at {code[position : position + 20]!r}")
        token, position = match.group(), match.end()
        if not token.isspace() and token[0] not in "\"'":
            tokens.append(token)
    return tokens


def _screen_operator(tokens: list[str], i: int) -> None:
    """`ops` begins the name of an operator, unless it is an attribute: of a value (after a dot) or in a class."""
    before, after = tokens[i - 1] if i else "", tokens[i + 1 : i + 5]
    if (before == "." and tokens[i - 2 : i - 1] != ["torch"]) or after[:1] == [":"]:
        return
    if len(after) < 4 or after[0] != "." or after[2] != "." or after[1] not in _NAMESPACES:
        name = "".join(after[1:4])[:80]
        raise BadInput(f"has TorchScript code with the operator {name!r}; only built-in ones (aten, prim) run here")
    if after[1] == "prim" and not _PRIM.fullmatch(after[3]):
        raise BadInput(f"has TorchScript code with the operator 'prim.{after[3][:80]}', which networks do not need")


def _screen_pickle(data: bytes) -> None:
    for name in globals_of(BytesIO(data)):
        if "torch.classes" in name:
            raise BadInput(f"holds a custom class, {name[:80]}")
