import subprocess
import sys


def test_neither_torch_nor_flask_nor_an_s3_client_is_imported() -> None:
    code = (
        "import sys, embedding_explorer.training.datasets as d; print(*({'torch', 'flask', 's3fs'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""
