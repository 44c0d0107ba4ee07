"""The datasets of a data folder: found, chosen, moved into place and removed. Readers never lock."""

import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from embedding_explorer.datasets.dataset import DERIVED, Dataset, image_path
from embedding_explorer.datasets.disk import full_disk_named, remove_leftover, sync_folder, sync_tree, write_atomically
from embedding_explorer.datasets.manifest import FILE, ID, Manifest
from embedding_explorer.errors import BadInput, Conflict, DatasetNotFound

__all__ = ["Dataset", "DatasetStore", "checked_name", "image_path"]

MAIN = "main"
# Datasets whose arrays stay mapped and whose tables stay loaded between requests.
MAX_OPEN = 1000
# Longer names than this are no names; file systems stop at 255 bytes too.
MAX_NAME = 200
LEFTOVER = "dropped-"

log = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


class DatasetStore:
    """All datasets below `<data>/datasets`, one folder each, and the choice of the main one.

    Nothing is remembered that a look at the disk (two calls for each `get`) would contradict, so other processes may
    add, replace and remove datasets and choose another main one at any time.
    """

    def __init__(self, data: Path) -> None:
        self.data, self.folder, self.staging = data, data / "datasets", data / "staging"
        self._pointer = self.folder / MAIN
        self._open: dict[str, tuple[Stamp, Dataset]] = {}
        self._reported = ""

    def list(self) -> list[Manifest]:
        """Manifests of all datasets, newest first; what has none is ignored, what cannot be read is logged."""
        self._forget_gone()
        return sorted(self._readable(), key=lambda manifest: (manifest.created, manifest.id), reverse=True)

    def get(self, dataset_id: str) -> Dataset:
        """The dataset of that id, or the main one for `main`.

        Raises DatasetNotFound, or Conflict when its manifest cannot be read.
        """
        before = len(self._open)
        found = self._get_main() if dataset_id == MAIN else self._get(dataset_id)
        if len(self._open) > before:
            self._forget_gone()
        return found

    def __contains__(self, dataset_id: str) -> bool:
        try:
            self.get(dataset_id)
        except DatasetNotFound:
            return False
        return True

    def main(self) -> Dataset | None:
        """The main dataset, or None when none is chosen or the chosen one is gone (then the log says so)."""
        main_id = self._main_id()
        if main_id is None:
            return None
        try:
            return self._get(main_id)
        except DatasetNotFound:
            self._report(main_id)
            return None

    def set_main(self, dataset_id: str) -> Manifest:
        """Make a dataset the main one, for all processes at once; raises DatasetNotFound."""
        manifest = self.get(dataset_id).manifest
        write_atomically(self._pointer, f"{manifest.id}\n".encode())
        return manifest

    def rename(self, dataset_id: str, name: str) -> Manifest:
        """Give a dataset another name; raises DatasetNotFound, or BadInput for an unusable name."""
        dataset = self.get(dataset_id)
        manifest = replace(dataset.manifest, name=checked_name(name))
        try:
            manifest.write(dataset.folder / FILE)
        except FileNotFoundError:
            raise DatasetNotFound("Dataset not found", dataset=dataset_id) from None
        self._open.pop(manifest.id, None)
        return manifest

    def delete(self, dataset_id: str) -> None:
        """Remove a dataset; raises DatasetNotFound. Requests that already read from it end undisturbed."""
        dataset_id = self.get(dataset_id).manifest.id
        dropped = self._set_aside(dataset_id)
        if self._main_id() == dataset_id:
            self._pointer.unlink(missing_ok=True)
        self._open.pop(dataset_id, None)
        shutil.rmtree(dropped)
        self._drop_derived(dataset_id)

    def adopt(self, staged: Path, manifest: Manifest, without: str = "") -> Manifest:
        """Move a finished folder below `<data>/staging` into place in one step, its manifest written last.

        Where a dataset of that id exists, it stays and the staged one is dropped; the manifest of the one in place is
        returned. What goes on after a kill needs is in the folder `without`, which goes at the very end. Raises StorageFull.
        """
        with full_disk_named(self.folder):
            manifest.write(staged / FILE)
            sync_tree(staged)
            self.folder.mkdir(parents=True, exist_ok=True)
            if without:
                shutil.rmtree(staged / without, ignore_errors=True)
            self._move_in(staged, manifest.id)
            sync_folder(self.folder)
        return self._get(manifest.id).manifest

    def sweep(self) -> None:
        """Remove what a killed `delete` left, and what was made of datasets that are gone.

        Call at start, with no other process at work.
        """
        for leftover in self.staging.glob(f"{LEFTOVER}*"):
            remove_leftover(leftover)
        for folder in (self.data / DERIVED).glob("*/*"):
            if folder.is_dir() and ID.fullmatch(folder.name) and not (self.folder / folder.name).exists():
                self._drop_derived(folder.name)

    def _drop_derived(self, dataset_id: str) -> None:
        """Remove answers, clusters and placements that were made of a dataset, or with it."""
        for path in (self.data / DERIVED).glob(f"*/*{dataset_id}*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)  # a request may put a file there at this moment
            else:
                path.unlink(missing_ok=True)

    def _readable(self) -> Iterator[Manifest]:
        for path in self.folder.glob(f"*/{FILE}"):
            try:
                yield self._get(path.parent.name).manifest
            except DatasetNotFound:
                continue  # deleted meanwhile, or a folder of a person's own that is not named by an id
            except Conflict as error:
                log.warning("Left out of the list: %s", error.message)
            except OSError as error:
                log.warning("Left out of the list: %s cannot be read (%s)", path, error.strerror)

    def _get_main(self) -> Dataset:
        dataset = self.main()
        if dataset is None:
            raise DatasetNotFound("There is no main dataset. Build or import one, or choose one of the existing.")
        return dataset

    def _get(self, dataset_id: str) -> Dataset:
        if not ID.fullmatch(dataset_id):
            raise DatasetNotFound("Dataset not found", dataset=dataset_id[:MAX_NAME])
        path = self.folder / dataset_id / FILE
        try:
            status = os.stat(path)
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
            known = self._open.get(dataset_id)
            if known is not None and known[0] == stamp:
                return known[1]
            return self._opened(stamp, Manifest.read(path), path.parent)
        except (FileNotFoundError, NotADirectoryError):
            self._open.pop(dataset_id, None)
            raise DatasetNotFound("Dataset not found", dataset=dataset_id) from None

    def _opened(self, stamp: Stamp, manifest: Manifest, folder: Path) -> Dataset:
        if manifest.id != folder.name:
            raise Conflict(f"{folder / FILE} belongs to dataset {manifest.id}. Rename the folder to that id.")
        dataset = Dataset(manifest, folder)
        self._open[manifest.id] = (stamp, dataset)
        for longest_open in list(self._open)[:-MAX_OPEN]:
            self._open.pop(longest_open, None)
        return dataset

    def _forget_gone(self) -> None:
        """Let go of what another process has deleted: mapped files keep their space. A look at the disk for each dataset."""
        for dataset_id in list(self._open):
            if not (self.folder / dataset_id).exists():
                self._open.pop(dataset_id, None)

    def _main_id(self) -> str | None:
        try:
            text = self._pointer.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return None
        return text

    def _report(self, main_id: str) -> None:
        if self._reported != main_id:
            log.warning("The main dataset %s is gone; choose another.", main_id[:MAX_NAME])
            self._reported = main_id

    def _move_in(self, staged: Path, dataset_id: str) -> None:
        try:
            os.rename(staged, self.folder / dataset_id)
        except OSError:
            if not (self.folder / dataset_id).exists():
                raise
            self._settle(staged, dataset_id)

    def _settle(self, staged: Path, dataset_id: str) -> None:
        try:
            self._get(dataset_id)
        except DatasetNotFound:  # a folder without a manifest is in the way
            shutil.rmtree(self._set_aside(dataset_id))
            os.rename(staged, self.folder / dataset_id)
        else:
            shutil.rmtree(staged)

    def _set_aside(self, dataset_id: str) -> Path:
        self.staging.mkdir(parents=True, exist_ok=True)
        dropped = self.staging / f"{LEFTOVER}{dataset_id}-{secrets.token_hex(4)}"
        try:
            os.rename(self.folder / dataset_id, dropped)
        except FileNotFoundError:
            raise DatasetNotFound("Dataset not found", dataset=dataset_id) from None
        return dropped


def checked_name(name: str) -> str:
    """A dataset's name without surrounding space; raises BadInput unless it is one line of printable text."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise BadInput(f"A dataset's name is one line of 1 to {MAX_NAME} printable characters.", limit=MAX_NAME)
    return name
