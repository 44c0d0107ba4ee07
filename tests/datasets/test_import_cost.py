import subprocess
import sys

ROOM = ("store", "dataset", "neighbors", "agreement", "export", "seed_import", "seed_export")
HEAVY = {"torch", "openvino", "umap", "numba", "sklearn", "scipy", "py7zr", "pyarrow", "pandas"}


def test_reading_datasets_loads_no_heavy_library() -> None:
    imports = "; ".join(f"import embedding_explorer.datasets.{name}" for name in ROOM)
    code = f"import sys; {imports}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "embedding_explorer.datasets.export" in loaded
    assert not HEAVY & set(loaded)
