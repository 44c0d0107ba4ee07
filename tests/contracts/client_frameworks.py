"""A network of one framework from its creation to its end with the published client: `python client_frameworks.py HOST CASE`.

CASE is a folder with `case.json` (framework, preprocessing, files: stored name → name in the folder, layer, output,
expected, picture). Every assertion is what a user relies on.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from deepomatic.api.client import Client
from deepomatic.api.inputs import ImageInput


def main() -> None:
    """The whole session."""
    host, folder = sys.argv[1], Path(sys.argv[2])
    case: dict[str, Any] = json.loads((folder / "case.json").read_text())
    client = Client("app", "key", host=host)
    # The client opens a value that is the path of a file, and sends it under its key.
    network = client.Network.create(
        name="of a framework",
        framework=case["framework"],
        preprocessing=case["preprocessing"],
        metadata={"tags": ["a", "b"]},
        files={name: str(folder / path) for name, path in case["files"].items()},
    )
    client.Task.retrieve(network["task_id"]).wait()
    assert network.pk in [each.pk for each in client.Network.list()]
    network.update(name="edited", description="by a script", metadata={"epoch": 3})
    again = client.Network.retrieve(network.pk)
    assert (again["name"], again["description"], again["metadata"]) == ("edited", "by a script", {"epoch": 3})
    assert (again["framework"], again["preprocessing"]["batched_output"]) == (case["framework"], False)
    picture = ImageInput((folder / case["picture"]).read_bytes(), encoding="binary")
    found = network.inference(output_tensors=[case["layer"], case["output"]], inputs=[picture])
    np.testing.assert_allclose(found[case["layer"]].ravel(), case["expected"], rtol=1e-4)
    (final,) = network.inference(inputs=[picture]).values()
    np.testing.assert_array_equal(final, found[case["output"]])
    layers = client.http_helper.get(f"/networks/{network.pk}/layers/")["results"]
    assert {case["layer"], case["output"]} <= {layer["name"] for layer in layers}
    assert network.delete() is None
    assert network.pk not in [each.pk for each in client.Network.list()]
    print("content")


if __name__ == "__main__":
    main()
