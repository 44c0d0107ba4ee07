"""Screening networks of PyTorch without it (networks contract, 13.3)."""

from embedding_explorer.networks.frameworks.base import Files
from embedding_explorer.networks.frameworks.examine import examine
from embedding_explorer.networks.frameworks.pytorch import program_check, state_dict_check, torchscript_check
from embedding_explorer.networks.frameworks.pytorch.architecture import FILE, read_architecture
from embedding_explorer.networks.frameworks.pytorch.kinds import SUFFIXES, Kind, kind_of, models_of
from embedding_explorer.networks.preprocessing import Faults

_SCREENS = {
    Kind.TORCHSCRIPT: torchscript_check.screen_file,
    Kind.PROGRAM: program_check.screen_file,
    Kind.SAFETENSORS: state_dict_check.screen_safetensors,
    Kind.PICKLED: state_dict_check.screen_pickled,
}


def check(files: Files, faults: Faults) -> None:
    """Note what is wrong with the files of a network of PyTorch."""
    models = models_of(files)
    if not models:
        endings = ", ".join(f"*{suffix}" for suffix in SUFFIXES)
        faults.add("files.model.pt", f"is missing: a pytorch network needs one model file ({endings})", code="missing")
    for name in models[1:]:
        faults.add(f"files.{name}", f"is one model file too many: {models[0]} came too")
    for name in models[:1]:
        _check_model(name, files, faults)


def _check_model(name: str, files: Files, faults: Faults) -> None:
    kinds: list[Kind] = []
    examine(name, files[name], lambda path: kinds.append(kind_of(name, path)), faults)
    for kind in kinds:
        examine(name, files[name], _SCREENS[kind], faults)
        if kind.is_state_dict and FILE in files:
            examine(FILE, files[FILE], read_architecture, faults)
        elif kind.is_state_dict:
            why = f"{name} is a state dict, and this file says what network to put it into"
            faults.add(f"files.{FILE}", f"is missing: {why}", code="missing")
