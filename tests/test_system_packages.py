"""tests/system-packages.sh: installs what it can, says one line for what it cannot, never fails, never asks."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "system-packages.sh"
NEEDED = ("env", "timeout", "mktemp", "rm", "tail", "ls", "cat")
DEBIAN = "Candidate: 156.0-1~deb12u1"
UBUNTU = "Candidate: 2:1snap1-0ubuntu2"
PRESENT = ("pg_ctl", "curl")  # what most of these machines have


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A machine's programs: root's, without a browser and without apt-get; but with the other things that tests need."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED:
        (folder / name).symlink_to(shutil.which(name) or name)
    program(folder, "id", "echo 0")
    for name in PRESENT:
        program(folder, name, "exit 1")
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def apt(folder: Path, policy: str, install: str = "exit 0") -> None:
    """A package manager that notes what it is asked."""
    program(folder, "apt-cache", f"echo '{policy}'")
    notes = folder.parent / "asked"
    program(folder, "apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {notes}\ncase "$*" in *install*) {install} ;; esac')


def run(tools: Path) -> str:
    """What it says."""
    command = [shutil.which("sh") or "sh", str(SCRIPT)]
    environment = {"PATH": str(tools), "HOME": str(tools.parent), "POSTGRES_FOLDERS": str(tools.parent / "none")}
    ran = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr + ran.stdout


def asked(tools: Path) -> str:
    notes = tools.parent / "asked"
    return notes.read_text() if notes.exists() else ""


def test_it_is_silent_where_everything_is(tools: Path) -> None:
    program(tools, "chromium", "exit 1")
    apt(tools, DEBIAN)
    assert run(tools) == "" and asked(tools) == ""


def test_it_installs_debians_without_a_question(tools: Path) -> None:
    apt(tools, DEBIAN)
    assert run(tools).count("\n") == 1
    update, install = asked(tools).splitlines()
    assert "update" in update and "noninteractive" in install and "-y" in install and " chromium " in install


def test_each_thing_that_is_missing_is_installed(tools: Path) -> None:
    program(tools, "chromium", "exit 1")
    for name in PRESENT:
        (tools / name).unlink()
    apt(tools, DEBIAN)
    run(tools)
    _, *installed = asked(tools).splitlines()
    assert [line.split()[-1] for line in installed] == ["postgresql", "curl"]


def test_a_postgresql_off_the_path_is_found(tools: Path) -> None:
    program(tools, "chromium", "exit 1")
    (tools / "pg_ctl").unlink()
    folder = tools.parent / "none/15/bin"
    folder.mkdir(parents=True)
    program(folder, "pg_ctl", "exit 1")
    apt(tools, DEBIAN)
    assert run(tools) == "" and asked(tools) == ""


def test_without_apt_get_it_says_what_is_skipped(tools: Path) -> None:
    said = run(tools)
    assert said.count("\n") == 1 and "skipped" in said and "playwright install chromium" in said


def test_it_does_not_wait_for_a_password(tools: Path) -> None:
    program(tools, "id", "echo 1000")
    program(tools, "sudo", 'test "$1" = -n || sleep 60; exit 1')
    apt(tools, DEBIAN)
    assert "needs root" in run(tools) and asked(tools) == ""


def test_a_snap_is_not_installed(tools: Path) -> None:
    apt(tools, UBUNTU)
    assert "snap" in run(tools) and "chromium" not in asked(tools)


def test_a_failed_installation_is_told_with_its_reason(tools: Path) -> None:
    apt(tools, DEBIAN, "echo 'E: no space left'; exit 100")
    assert "no space left" in run(tools)
