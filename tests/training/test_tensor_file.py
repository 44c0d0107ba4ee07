import io
import json

import pytest
import torch
from safetensors.torch import save

from embedding_explorer.errors import BadInput
from embedding_explorer.training.tensor_file import _NAMES, write_tensors

METADATA = {"training": json.dumps({"epoch": 1.5})}


def written(state: dict[str, torch.Tensor]) -> bytes:
    file = io.BytesIO()
    write_tensors(file, state, METADATA)
    return file.getvalue()


def test_a_file_is_byte_for_byte_the_librarys() -> None:
    state = {f"{number}": torch.arange(3).to(kind) for number, kind in enumerate(_NAMES)}
    state |= {"scalar": torch.tensor(7), "empty": torch.zeros(0, 4), 'odd "ü"': torch.ones(2, 3)}
    assert written(state) == save(state, METADATA)


def test_tensors_may_be_parts_of_others_and_learned() -> None:
    whole = torch.arange(12.0).reshape(3, 4).requires_grad_()
    state = {"turned": whole.T, "row": whole[1], "same": whole}
    assert written(state) == save({name: each.detach().clone().contiguous() for name, each in state.items()}, METADATA)


def test_what_has_no_place_in_a_file_is_named() -> None:
    with pytest.raises(BadInput, match=r"'w' are of the type torch\.complex128"):
        written({"w": torch.zeros(2, dtype=torch.complex128)})
