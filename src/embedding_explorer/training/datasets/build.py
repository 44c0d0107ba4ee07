"""Datasets for training from checked forms, in a folder each; for a job of a worker, without HTTP.

An attempt that broke off is gone on with: lists that are there stay, and sets go on after their last commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.datasets.progress import Progress, Report
from embedding_explorer.training.datasets.bounds import Bounds
from embedding_explorer.training.datasets.buckets import DOWNLOADS, download
from embedding_explorer.training.datasets.create import create_set
from embedding_explorer.training.datasets.folders import FolderTask, Walk, parse_folder
from embedding_explorer.training.datasets.gradients import recipe_of_gradients
from embedding_explorer.training.datasets.images import ImageMaker, recipe_of_list
from embedding_explorer.training.datasets.lists import ImageList, read_labels, stored_labels, write_labels
from embedding_explorer.training.datasets.log import TaskLog
from embedding_explorer.training.datasets.mean import Sum, mean_of, write_mean
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.plan import (
    LABELS,
    create_name,
    load_parsed,
    own_shares,
    parse_name,
    plan_classification,
    plan_generic,
    save_parsed,
    set_folder,
)
from embedding_explorer.training.datasets.processing import list_pairs, recipe_of_pairs
from embedding_explorer.training.datasets.recipe import Recipe
from embedding_explorer.training.datasets.spec import (
    Archive,
    Bucket,
    ClassificationSpec,
    Folder,
    Folders,
    GenericSpec,
    Gradients,
    Processing,
    Texts,
)
from embedding_explorer.training.datasets.splits import SETS
from embedding_explorer.training.datasets.text_lists import parse_text_list
from embedding_explorer.training.datasets.unpacking import UNPACKED, category_root, unpack


@dataclass(frozen=True)
class Site:
    """Where and within which bounds a dataset is made.

    Attributes:
        folder: the job's own, which exists. The dataset is written right into it.
        places: what paths may be named.
        seed: decides, with the images, on every byte that is written.
        report: takes (name of the task, done, total), and may raise to end the work.
    """

    folder: Path
    places: Places
    seed: int
    report: Report
    bounds: Bounds = field(default_factory=Bounds)

    def seeds(self, purpose: int, name: str = SETS[0]) -> tuple[int, ...]:
        """A seed for one purpose and one set."""
        return self.seed, purpose, SETS.index(name)

    @property
    def walk(self) -> Walk:
        """How folders are walked: the job's own is among the places, as downloads go there."""
        given = self.places
        return Walk(Places((*given.roots, self.folder), urls=given.urls, private=given.private), self.bounds)

    def log(self, name: str) -> TaskLog:
        """The log of a task."""
        return TaskLog(self.folder / f"{name}.log")


_PARSE, _CREATE, _PAIR = range(3)


def build_classification(spec: ClassificationSpec, site: Site) -> None:
    """Make a classification dataset.

    Raises:
        BadInput: folders, lists or images that cannot be used; the message says which and what to do.
        LimitExceeded: too many of them.
        StorageFull: the disk is.
        JobAborted: or whatever else `site.report` raised.
    """
    progress = Progress(site.report)
    with full_disk_named(site.folder):
        plan = plan_classification(spec)
        plan.save(site.folder)
        if isinstance(spec.source, Texts):
            _parse_texts(spec.source, site, progress)
        else:
            _parse_folders(spec.source, site, progress)
        for name in plan.sets:
            images = ImageList(site.folder / f"{name}.txt")
            try:
                maker = ImageMaker(images, site.walk.places, spec.pictures, site.bounds, site.seeds(_CREATE, name))
                recipe = recipe_of_list(
                    site.folder / f"{name}.txt", maker, spec.storage, shuffled=spec.shuffled, mean=name == "train"
                )
                _create(recipe, name, create_name(name), site, progress)
            finally:
                images.close()
        if isinstance(spec.source, Bucket) and not spec.source.keep:
            rmtree(site.folder / DOWNLOADS, ignore_errors=True)


def build_generic(spec: GenericSpec, site: Site) -> None:
    """Make a generic dataset; raises as `build_classification`."""
    progress = Progress(site.report)
    with full_disk_named(site.folder):
        plan = plan_generic(spec)
        plan.save(site.folder)
        recipes = {name: recipe for name, recipe in _generic_recipes(spec, site).items() if len(recipe.order)}
        replace(plan, sets=tuple(name for name in SETS if name in recipes)).save(site.folder)  # pairs may be too few
        for name, recipe in recipes.items():
            _create(recipe, name, f"Create {name}_db DB", site, progress)


def _generic_recipes(spec: GenericSpec, site: Site) -> dict[str, Recipe]:
    source, options = spec.source, spec.options
    if isinstance(source, Gradients):
        size = source.width, source.height
        counts = dict(zip(SETS, (source.train, source.val, source.test), strict=True))
        return {
            name: recipe_of_gradients(count, *size, options, site.seeds(_CREATE, name), mean=_has_mean(name, spec))
            for name, count in counts.items()
        }
    return _pair_recipes(spec, source, site)


def _pair_recipes(spec: GenericSpec, source: Processing, site: Site) -> dict[str, Recipe]:
    with site.log("list_pairs") as log:
        pairs = list_pairs(source, site.walk, site.seeds(_PAIR), log)
    return {
        name: recipe_of_pairs(
            each, source, spec.options, site.walk, site.seeds(_CREATE, name), mean=_has_mean(name, spec)
        )
        for name, each in pairs.items()
    }


def _has_mean(name: str, spec: GenericSpec) -> bool:
    return name == "train" and spec.options.same_shape


def _create(recipe: Recipe, name: str, task: str, site: Site, progress: Progress) -> None:
    folder = set_folder(site.folder, name)
    with site.log(f"create_{name}_db") as log:
        state = create_set(recipe, folder, log, progress.of(task))
        log(f"wrote {state.entries} of {state.total} entries")
    if recipe.mean:
        total = Sum.load(folder, state.entries).values
        if total is not None:
            write_mean(site.folder, mean_of(total, state.entries))


def _parse_texts(source: Texts, site: Site, progress: Progress) -> None:
    labels = read_labels(source.labels, site.bounds)
    write_labels(site.folder / LABELS, labels)
    for name, given in zip(SETS, (source.train, source.val, source.test), strict=True):
        if given is None:
            continue
        with site.log(f"parse_{name}") as log:
            target, report = site.folder / f"{name}.txt", progress.of(create_name(name))
            parse_text_list(given, target, len(labels), site.bounds, log, report)


def _parse_folders(source: Folders | Bucket | Archive, site: Site, progress: Progress) -> None:
    done = load_parsed(site.folder)
    for number, task in enumerate(_folder_tasks(source, site, progress)):
        if number < len(done):
            continue
        name = parse_name(task.shares)
        known = stored_labels(site.folder / LABELS) if number else None
        task = replace(task, labels=known)
        with site.log(f"parse_folder_{'_'.join(task.shares.sets)}") as log:
            parsed = parse_folder(task, site.walk, site.folder, log, progress.of(name))
        if not number:
            write_labels(site.folder / LABELS, parsed.labels)
        counts = {f"{each}_count": count for each, count in parsed.counts.items()}
        done.append({"name": name, "label_count": len(parsed.labels), **counts})
        save_parsed(site.folder, done)


def _folder_tasks(source: Folders | Bucket | Archive, site: Site, progress: Progress) -> Sequence[FolderTask]:
    if isinstance(source, Archive):
        folder = site.folder / UNPACKED
        if not folder.is_dir():
            with site.log("unpack") as log:
                unpack(source.file, folder, site.bounds, log, progress.of(parse_name(source.shares)))
        return [FolderTask(Folder(category_root(folder), source.per_class), source.shares, site.seeds(_PARSE))]
    if isinstance(source, Bucket):
        folder = site.folder / DOWNLOADS
        if not load_parsed(site.folder):
            with site.log("download") as log:
                download(source, folder, site.places, site.bounds, log, progress.of(parse_name(source.shares)))
        return [FolderTask(Folder(folder, source.per_class), source.shares, site.seeds(_PARSE), underscores=True)]
    own = {"val": source.val, "test": source.test}
    return [
        FolderTask(source.train, source.shares, site.seeds(_PARSE)),
        *(
            FolderTask(folder, own_shares(name), site.seeds(_PARSE, name))
            for name, folder in own.items()
            if folder is not None
        ),
    ]
