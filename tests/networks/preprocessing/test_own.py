import subprocess
import sys

import pytest

from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks.definitions import NETWORKS
from embedding_explorer.networks.preprocessing import Faults, describe, parse_preprocessing


def test_public_networks_are_described_as_the_contract_wants() -> None:
    assert describe(InputSpec(size=224, resize=256)).to_json() == {
        "inputs": [
            {
                "tensor_name": "data",
                "image": {
                    "dimension_order": "NCHW",
                    "resize_type": "CROP",
                    "target_size": "224x224",
                    "color_channels": "RGB",
                    "pixel_scaling": 1.0,
                    "mean_file": None,
                    "data_type": "FLOAT32",
                    "std_file": None,
                },
            }
        ],
        "batched_output": False,
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_of_the_table_can_be_described(name: str) -> None:
    description, faults = describe(NETWORKS[name].input, "x"), Faults()
    assert parse_preprocessing(description.to_json(), faults, text=False) == description
    assert description.inputs[0].fixed_shape == (3, NETWORKS[name].input.size, NETWORKS[name].input.size)
    assert description.may_batch


def test_the_web_process_can_import_the_room() -> None:
    heavy = "torch", "onnx", "onnxruntime", "openvino", "sklearn", "tensorflow", "flask"
    code = f"import sys, embedding_explorer.networks.preprocessing; print([n for n in {heavy} if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
