"""To be imported before anything of TensorBoard: what it would look for and is not wanted here counts as absent.

TensorFlow, where it is installed, takes seconds and half a gigabyte; the clients of S3 half of the start of the process.
Logs are files of this machine.
"""

import sys
from types import ModuleType

sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))  # its own switch
if "tensorboard.compat.tensorflow_stub.io.gfile" not in sys.modules:
    _HIDDEN = [name for name in ("boto3", "fsspec") if name not in sys.modules]
    for _name in _HIDDEN:
        sys.modules[_name] = None  # type: ignore[assignment]
    try:
        import tensorboard.compat.tensorflow_stub.io.gfile  # noqa: F401
    finally:
        for _name in _HIDDEN:
            del sys.modules[_name]
