import json
import os

import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.jobs.channel import pack_error, unpack_error


@pytest.mark.parametrize("half", ["packing", "unpacking"])
def test_errors_with_names_of_files_that_are_no_text_can_be_written_down(half: str) -> None:
    message = os.fsdecode(b"caf\xe9.png") + " and \0 do not pair."
    packed = pack_error(BadInput(message)) if half == "packing" else {"type": "BadInput", "message": message}
    if half == "packing":
        json.dumps(packed, ensure_ascii=False).encode()
    error = unpack_error(json.loads(json.dumps(packed)))
    assert isinstance(error, BadInput)
    assert error.message == "caf\\udce9.png and \\0 do not pair." and error.message.encode()
