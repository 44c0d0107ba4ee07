"""Loading networks of PyTorch. torch is imported here and below: only a worker imports this."""

import logging
import warnings
from pathlib import Path
from typing import Any

import torch

from embedding_explorer.errors import BadInput, NetworkUnusable
from embedding_explorer.networks.devices import usable_cpus
from embedding_explorer.networks.frameworks.base import Files
from embedding_explorer.networks.frameworks.examine import recheck
from embedding_explorer.networks.frameworks.pytorch.architecture import FILE, read_architecture
from embedding_explorer.networks.frameworks.pytorch.arguments import Argument
from embedding_explorer.networks.frameworks.pytorch.build import build, read_state
from embedding_explorer.networks.frameworks.pytorch.check import check
from embedding_explorer.networks.frameworks.pytorch.eager import EagerProgram, arguments_of, kinds_of
from embedding_explorer.networks.frameworks.pytorch.kinds import Kind, kind_of, models_of
from embedding_explorer.networks.frameworks.pytorch.network import TorchNetwork
from embedding_explorer.networks.frameworks.pytorch.program import Program
from embedding_explorer.networks.frameworks.pytorch.program_check import screened
from embedding_explorer.networks.frameworks.pytorch.rewritten import rewritten
from embedding_explorer.networks.frameworks.pytorch.script import ScriptProgram
from embedding_explorer.networks.frameworks.pytorch.torchscript_check import kept
from embedding_explorer.networks.frameworks.trial import one_line
from embedding_explorer.networks.preprocessing import Preprocessing


def load(files: Files, preprocessing: Preprocessing, device: str) -> TorchNetwork:
    """Open a network and try it out; see `Framework.load`."""
    recheck(check, files)
    torch.set_num_threads(usable_cpus())
    name = models_of(files)[0]
    kind = kind_of(name, files[name])
    try:
        with warnings.catch_warnings(action="ignore"):
            if kind.is_state_dict:
                program = _architecture(kind, files[name], files, device)
                return TorchNetwork(program, preprocessing, device, torch.float32)
            program = (_script if kind is Kind.TORCHSCRIPT else _exported)(files[name], device)
            return TorchNetwork(program, preprocessing, device)
    except BadInput as error:
        raise NetworkUnusable(f"The file {name} {error.message}.") from error


def _architecture(kind: Kind, path: Path, files: Files, device: str) -> Program:
    module = build(read_architecture(files[FILE]), read_state(kind, path)).to(device)
    return EagerProgram(module, kinds_of(module), arguments_of(module))


def _script(path: Path, device: str) -> Program:
    with rewritten(path, lambda archive: (kept(archive), {})) as safe:
        try:
            read: Any = torch.jit.load
            module = read(safe, map_location=device).eval()
        except Exception as error:  # the loader says nothing of its classes
            raise NetworkUnusable(f"PyTorch cannot read the TorchScript archive: {one_line(error)}") from error
    return ScriptProgram(module)


def _exported(path: Path, device: str) -> Program:
    logging.getLogger("torch.export").setLevel(logging.ERROR)
    with rewritten(path, screened) as safe:
        try:
            program = torch.export.load(safe)
            module: Any = torch.export.unflatten(_moved(program, device))
        except Exception as error:  # as above
            raise NetworkUnusable(f"PyTorch cannot read the exported program: {one_line(error)}") from error
    return EagerProgram(module, _kinds(program, module), *_arguments(program))


def _arguments(program: torch.export.ExportedProgram) -> tuple[list[Argument], int]:
    """What a program takes, and how many of that by position; the others it takes by name."""
    signature = program.module_call_graph[0].signature
    if signature is None:
        raise NetworkUnusable("The exported program does not say how it is called.")
    positions, names = signature.in_spec.children()
    known = signature.forward_arg_names or program.graph_signature.user_inputs
    by_position = [str(name) for name in list(known)[: positions.num_children]]
    return [Argument(name) for name in (*by_position, *map(str, names.context))], positions.num_children


def _moved(program: torch.export.ExportedProgram, device: str) -> torch.export.ExportedProgram:
    if device == "cpu":
        return program
    from torch.export.passes import move_to_device_pass

    return move_to_device_pass(program, device)


def _kinds(program: torch.export.ExportedProgram, module: torch.nn.Module) -> dict[str, str]:
    """Class of every module as its operators remember it: the modules here are all of one class."""
    stacks = (node.meta.get("nn_module_stack") or {} for node in program.graph.nodes)
    remembered = {path: str(kind).rpartition(".")[2] for stack in stacks for path, kind in stack.values()}
    return {path: remembered.get(path, "Module") for path, _ in module.named_modules() if path}
