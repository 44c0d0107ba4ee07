import logging
import os
from dataclasses import fields
from pathlib import Path

import pytest

from embedding_explorer.errors import StartError
from embedding_explorer.logs import configure_logging
from embedding_explorer.settings import Settings, table, variable
from tests.conftest import REPOSITORY


def test_values_come_from_the_environment_with_their_types() -> None:
    settings = Settings.from_environment({"EXPLORER_PORT": "81", "EXPLORER_DATA": "/d", "EXPLORER_STARTER": "no"})
    assert (settings.port, settings.data, settings.starter) == (81, Path("/d"), False)


def test_what_is_given_wins_and_none_does_not_count() -> None:
    settings = Settings.from_environment({"EXPLORER_PORT": "81", "EXPLORER_HOST": "h"}, port=82, host=None)
    assert (settings.port, settings.host) == (82, "h")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXPLORER_PROT", "5000"),
        ("EXPLORER_PORT", "five"),
        ("EXPLORER_PORT", "0"),
        ("EXPLORER_PORT", "65536"),
        ("EXPLORER_STARTER", "perhaps"),
        ("EXPLORER_PRECISION", "float64"),
        ("EXPLORER_MAX_UPLOAD_IMAGES", "-1"),
        ("EXPLORER_MAX_NETWORK_PARAMETERS", "0"),
        ("EXPLORER_MAX_NETWORK_PARAMETERS", "5e8"),
    ],
)
def test_an_unknown_name_or_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(StartError, match=name):
        Settings.from_environment({name: value})


def test_what_is_given_has_the_same_bounds() -> None:
    with pytest.raises(StartError, match="EXPLORER_PRECISION"):
        Settings.from_environment({}, precision="float8")


def test_settings_survive_the_way_through_the_environment_of_a_child() -> None:
    settings = Settings.from_environment({"EXPLORER_KEEP_IMAGES": "no", "EXPLORER_DATA": "x/y", "EXPLORER_PORT": "7"})
    assert Settings.from_environment(settings.environment()) == settings


def test_every_setting_is_in_the_manual_with_its_default() -> None:
    manual = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for name, default, text in table():
        assert f"| `{name}` | {f'`{default}`' if default else ''} | {text} |" in manual
    assert len(table()) == len(fields(Settings))
    assert variable("max_upload_bytes") == "EXPLORER_MAX_UPLOAD_BYTES"


def test_names_of_digits_are_understood_and_the_own_ones_win() -> None:
    words = {"DIGITS_JOBS_DIR": "/j", "DIGITS_SERVER_NAME": "n", "DIGITS_MODEL_STORE_URL": "http://a,http://b"}
    words |= {"DIGITS_LOGFILE_FILENAME": "/l", "DIGITS_LOGFILE_LEVEL": "DEBUG", "DIGITS_SOMETHING": "else"}
    found = Settings.from_environment(words)
    assert (found.jobs_folder, found.server_name, found.log_file) == (Path("/j"), "n", "/l")
    assert (found.model_store_url, found.log_level) == ("http://a,http://b", "debug")
    assert Settings.from_environment(words | {"EXPLORER_JOBS_DIR": "/own"}).jobs_folder == Path("/own")
    assert Settings.from_environment(found.environment() | words) == found


def test_folders_of_the_training_api_are_in_the_data_folder_unless_named(tmp_path: Path) -> None:
    plain = Settings(data=tmp_path)
    assert (plain.jobs_folder, plain.roots) == (tmp_path / "jobs", (tmp_path,))
    assert Settings(data_roots=f"/a{os.pathsep}/b").roots == (Path("/a"), Path("/b"))


def test_a_log_file_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    try:
        assert configure_logging("info", str(tmp_path / "log"), "worker")
        logging.getLogger("x").info("hello")
        assert not configure_logging("info", str(tmp_path / "missing" / "log"))
    finally:
        root.handlers[:] = before
    assert "worker INFO hello" in (tmp_path / "log").read_text() and not (tmp_path / "missing").exists()


def test_trainings_of_this_server_are_always_among_the_run_logs(tmp_path: Path) -> None:
    own = tmp_path / "data" / "runs"
    assert Settings(data=tmp_path / "data").log_roots == (own,)
    further = os.pathsep.join(("/a,b", str(tmp_path / "logs"), ""))
    settings = Settings(data=tmp_path / "data", logs_root=str(tmp_path / "logs"), run_roots=further)
    assert settings.log_roots == (tmp_path / "logs", Path("/a,b"), own)
