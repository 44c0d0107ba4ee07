import subprocess
import sys


def test_the_web_process_gets_by_without_torch() -> None:
    rooms = "training.archives, training.pictures, training.pretrained, training.store, jobs.training.inference"
    names = ", ".join(f"embedding_explorer.{room.strip()}" for room in rooms.split(","))
    code = f"import sys, {names}; print(*({{'torch', 'flask', 'torchvision', 'safetensors'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
