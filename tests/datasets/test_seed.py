from pathlib import Path

import pytest

from embedding_explorer.datasets.seed import (
    MAX_REFUSED_LISTED,
    SeedLimits,
    find_seed_names,
    list_folder,
    pickle_name,
    tilemap_name,
)
from embedding_explorer.errors import BadInput, LimitExceeded

from .conftest import write_seed

WHOLE = ["pickles/celeba_features_pca_reduced.pickle", "pickles/celeba_features_umap_reduced.pickle"]
TILEMAPS = ["tilemaps/tilemap-000.jpg", "tilemaps/tilemap-001.jpg"]


def test_the_names_are_those_of_older_installations() -> None:
    assert [pickle_name("pca"), pickle_name("umap")] == WHOLE
    assert [tilemap_name(0), tilemap_name(1), tilemap_name(1234)] == [*TILEMAPS, "tilemaps/tilemap-1234.jpg"]


@pytest.mark.parametrize("top", ["", "data/", "backup/data/"])
def test_a_seed_is_found_below_up_to_two_folders(top: str) -> None:
    names = [top + name for name in (*WHOLE, *TILEMAPS)] + ["readme.txt", "elsewhere/tilemaps/tilemap-002.jpg"]
    seed = find_seed_names(names, "data.7z")
    assert seed.wanted == {name: top + name for name in (*WHOLE, *TILEMAPS)}
    assert seed.tilemaps == 2
    assert seed.skipped == []


def test_the_uppermost_of_two_seeds_is_taken() -> None:
    names = [top + name for top in ("old/", "") for name in (*WHOLE, *TILEMAPS)]
    assert find_seed_names(names, "data.7z").wanted[WHOLE[0]] == WHOLE[0]


def test_fitted_models_are_refused_with_a_reason() -> None:
    models = ["pickles/pca_model.pickle", "pickles/umap_model.pickle", "models/net/weights.h5"]
    seed = find_seed_names([*WHOLE, *TILEMAPS, *models], "data.7z")
    assert sorted(file["file"] for file in seed.skipped) == sorted(models)
    assert all("not run" in file["reason"] for file in seed.skipped)


def test_the_list_of_refused_files_is_bounded() -> None:
    seed = find_seed_names([*WHOLE, *TILEMAPS, *(f"models/{n}" for n in range(100))], "data.7z")
    assert len(seed.skipped) == MAX_REFUSED_LISTED


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ([], WHOLE[0]),
        ([*WHOLE[:1], *TILEMAPS], WHOLE[1]),
        ([*WHOLE[1:], *TILEMAPS], WHOLE[0]),
        ([f"a/b/c/{name}" for name in WHOLE + TILEMAPS], WHOLE[0]),
        ([f"../{name}" for name in WHOLE + TILEMAPS], WHOLE[0]),
        (WHOLE, TILEMAPS[0]),
        ([*WHOLE, TILEMAPS[1]], TILEMAPS[0]),
        ([*WHOLE, TILEMAPS[0], "tilemaps/tilemap-002.jpg"], TILEMAPS[1]),
        ([*WHOLE, "tilemaps/tilemap-0000.jpg"], TILEMAPS[0]),
    ],
)
def test_what_a_seed_lacks_is_named(names: list[str], missing: str) -> None:
    with pytest.raises(BadInput) as caught:
        find_seed_names(names, "data.7z")
    assert "data.7z" in caught.value.message
    assert (caught.value.facts["file"]) in (missing, WHOLE[1])
    assert str(caught.value.facts["file"]) in caught.value.message


@pytest.mark.parametrize("top", [".", "a", "a/b"])
def test_a_folder_lists_its_seed_and_nothing_else(tmp_path: Path, top: str) -> None:
    write_seed(tmp_path / top, total=4)
    (tmp_path / "datasets" / ("0" * 32) / "tilemaps").mkdir(parents=True)
    (tmp_path / "datasets" / ("0" * 32) / "tilemaps" / "tilemap-001.jpg").touch()
    prefix = "" if top == "." else f"{top}/"
    assert sorted(list_folder(tmp_path, SeedLimits())) == [prefix + name for name in (*WHOLE, TILEMAPS[0])]


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path) -> None:
    write_seed(tmp_path, total=4)
    with pytest.raises(LimitExceeded, match="more than 2 files"):
        list_folder(tmp_path, SeedLimits(max_entries=2))
