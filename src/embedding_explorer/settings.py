"""Every knob of the program: one frozen value, read from the environment once and checked at start."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

from embedding_explorer.errors import StartError

PREFIX = "EXPLORER_"
# Names of NVIDIA DIGITS that are understood too; the own name wins.
SYNONYMS = {
    "DIGITS_JOBS_DIR": "jobs_dir",
    "DIGITS_SERVER_NAME": "server_name",
    "DIGITS_MODEL_STORE_URL": "model_store_url",
    "DIGITS_LOGFILE_FILENAME": "log_file",
    "DIGITS_LOGFILE_LEVEL": "log_level",
}
MiB, GiB = 1024**2, 1024**3
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def setting(
    default: Any,
    help: str,
    choices: tuple[str, ...] = (),
    least: float | None = None,
    most: float | None = None,
    secret: bool = False,
) -> Any:
    """A field of `Settings` with the sentence that documents it; a `secret` is not handed to processes without need."""
    bounds = {"choices": choices, "least": least, "most": most}
    return field(default=default, metadata={"help": help, **bounds, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """All settings. The environment variable of `max_upload_bytes` is `EXPLORER_MAX_UPLOAD_BYTES`, and so on."""

    data: Path = setting(Path("data"), "The data folder: datasets, catalog, caches, weights.")
    host: str = setting("127.0.0.1", "Address to listen on; `0.0.0.0` for every interface.")
    port: int = setting(5000, "Port to listen on.", least=1, most=65_535)
    web_threads: int = setting(32, "Requests answered at the same time.", least=2)
    log_level: str = setting("info", "How much the log says.", choices=("debug", "info", "warning", "error"))
    cors_origins: str = setting("*", "Origins that may read from other pages, separated by commas; empty for none.")

    network: str = setting("auto", "Network for new datasets; `auto`: resnet50 where its weights are, else embedded.")
    device: str = setting("auto", "Where networks run.", choices=("auto", "cpu", "cuda"))
    precision: str = setting(
        "auto",
        "Arithmetic of the network; `auto`: bfloat16 where the processor has it, else float32.",
        choices=("auto", "float32", "bfloat16", "int8"),
    )
    max_dimension: int = setting(65_536, "Most features of a picture that a layer may give.", least=1)
    features_dtype: str = setting("float16", "How features are stored.", choices=("float16", "float32"))
    umap_seed: int = setting(42, "Seed of UMAP.", least=0)
    umap_seeded_limit: int = setting(
        20_000,
        "Datasets up to this many images get a reproducible, single-threaded UMAP; larger ones a parallel one.",
        least=0,
    )
    keep_images: bool = setting(True, "Keep the original pictures of uploads in the dataset.")
    starter: bool = setting(True, "Build a small main dataset of handwritten digits when there is no dataset at all.")

    max_upload_images: int = setting(
        1000, "Images of an upload that become a dataset; what follows is left out.", least=1
    )
    max_upload_bytes: int = setting(2 * GiB, "Largest upload in bytes; larger is answered 413.", least=1)
    max_upload_entries: int = setting(100_000, "Most files and folders in one archive.", least=1)
    max_unpacked_bytes: int = setting(8 * GiB, "Most bytes that an archive may unpack to.", least=1)
    max_compression_ratio: int = setting(
        200, "How many times larger a file of an archive may get: photographs hardly grow, zip bombs do.", least=1
    )
    max_image_pixels: int = setting(100_000_000, "Largest picture in pixels, checked before it is decoded.", least=1)
    max_image_bytes: int = setting(64 * MiB, "Largest single picture posted to be placed or compared.", least=1)
    upload_stall_seconds: int = setting(
        60, "An upload from which nothing arrives for so long is given up, so that it cannot hold the lock.", least=1
    )
    response_cache_bytes: int = setting(GiB, "Disk space for serialised answers; the least used go first.", least=0)
    api_key: str = setting(
        "", "Keys that the networks API takes (`X-API-KEY`), separated by commas; empty: everybody.", secret=True
    )
    database_url: str = setting(
        "", "Catalog in PostgreSQL (`postgresql://user@host/name`); empty: SQLite in the data folder.", secret=True
    )
    max_network_bytes: int = setting(
        4 * GiB,
        "Largest network, all its files: one posted to be registered, of a model store, or weights to start a training from.",
        least=1,
    )
    max_inference_bytes: int = setting(
        256 * MiB,
        "Largest body of one inference request; its pictures are bound by `EXPLORER_MAX_IMAGE_BYTES`.",
        least=1,
    )
    inference_memory: int = setting(
        6 * GiB, "Memory of the process that runs registered networks; what needs more ends with an error.", least=GiB
    )
    inference_warm_bytes: int = setting(
        GiB, "Registered networks that stay loaded, in bytes; the least used go first.", least=0
    )
    inference_seconds: int = setting(
        120, "Time to load a registered network, or to run it once; what takes longer ends with an error.", least=1
    )
    max_result_bytes: int = setting(256 * MiB, "Largest result of one inference, as JSON.", least=1)
    max_pending_tasks: int = setting(
        10_000, "Inferences that may wait for their turn; what comes on top is answered 429.", least=1
    )
    task_hours: int = setting(168, "How long results of inferences are kept.", least=24)
    task_bytes: int = setting(
        16 * GiB,
        "Disk space for results and waiting pictures; the oldest results go first, none before 24 hours.",
        least=1,
    )
    logs_root: str = setting("", "The log root of the run-logs API; empty: `runs` in the data folder.")
    run_roots: str = setting("", "Further folders with run logs, separated as in `PATH`.")
    run_memory: int = setting(
        512 * MiB,
        "Memory for the index of run logs; beyond it every second step of the longest series is dropped.",
        least=1,
    )
    run_cache_bytes: int = setting(
        64 * MiB, "Memory for answers of the run-logs API, as they are sent; the least used go first.", least=0
    )
    projection_seconds: int = setting(
        120, "Time to reduce the points of an embedding in a run's log; what takes longer ends with an error.", least=1
    )
    projection_cache_bytes: int = setting(
        512 * MiB, "Disk space for points of embeddings before and after; the least used go first.", least=0
    )
    allow_private_urls: bool = setting(
        False, "Fetch pictures from private addresses too; always so while the server listens on loopback."
    )
    busy_scope: str = setting(
        "all",
        "What answers 503 during a job: every explorer route, or only those that need the worker.",
        choices=("all", "writes"),
    )

    jobs_dir: str = setting("", "Folder of the training API's jobs; empty: `jobs` in the data folder.")
    data_roots: str = setting(
        "",
        "Folders in which clients of the training API may name files, separated as in `PATH`; empty: the data folder.",
    )
    training_when_busy: str = setting(
        "refuse",
        "What creating a training job does during a dataset upload: answer 503, or wait for its end.",
        choices=("refuse", "queue"),
    )
    training_urls: bool = setting(False, "Whether http(s) addresses may be images and folders of training datasets.")
    max_training_side: int = setting(4096, "Most pixels of the width and height of images to train on.", least=1024)
    max_training_images: int = setting(20_000_000, "Most images of a training dataset.", least=1)
    max_network_parameters: int = setting(
        500_000_000,
        "Most parameters, weights and biases, of a network that is trained or sent with its weights.",
        least=1,
    )
    prediction_memory: int = setting(
        6 * GiB, "Memory of each process in which trained models look at pictures; what needs more ends.", least=GiB
    )
    prediction_seconds: int = setting(120, "Time of a trained model for one picture; what takes longer ends.", least=1)
    prediction_list_seconds: int = setting(3600, "Time of a trained model for a list of pictures.", least=1)
    max_map_images: int = setting(20_000, "Most pictures of a training dataset on one map.", least=1)
    server_name: str = setting("", "Name that the training API shows; empty: that of the host.")
    model_store_url: str = setting("", "Addresses of model stores, separated by commas.")
    log_file: str = setting("", "A file that gets the log as well; one that cannot be written is a warning.")

    @property
    def catalog_file(self) -> Path:
        """The catalog, where it is SQLite."""
        return self.data / "catalog.sqlite"

    @property
    def jobs_folder(self) -> Path:
        """The folder of the training API's jobs, absolute."""
        return (Path(self.jobs_dir) if self.jobs_dir else self.data / "jobs").absolute()

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders of `data_roots`."""
        return tuple(Path(each) for each in self.data_roots.split(os.pathsep) if each) or (self.data,)

    @property
    def runs_folder(self) -> Path:
        """The folder of the event files of this server's own trainings, absolute."""
        return (self.data / "runs").absolute()

    @property
    def log_roots(self) -> tuple[Path, ...]:
        """The folders with run logs, the log root first; those of this server's own trainings are always among them."""
        further = [Path(each).absolute() for each in self.run_roots.split(os.pathsep) if each]
        first = Path(self.logs_root).absolute() if self.logs_root else self.runs_folder
        return tuple(dict.fromkeys([first, *further, self.runs_folder]))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given: object) -> "Settings":
        """Read `EXPLORER_*`; `given` (typed values, None for "not given") wins over it.

        Raises StartError naming the variable for an unknown name or an ill-typed or out-of-bounds value.
        """
        environment = os.environ if environment is None else environment
        texts = _translated(environment) | {k: v for k, v in environment.items() if k.startswith(PREFIX)}
        known = {variable(f.name): f.name for f in fields(cls)}
        for name in texts.keys() - known.keys():
            raise StartError(f"There is no setting {name}. {_hint(name, known)}", setting=name)
        values: dict[str, Any] = {known[name]: parse(known[name], text) for name, text in texts.items()}
        values |= {name: value for name, value in given.items() if value is not None}
        for name, value in values.items():
            check(name, value)
        return cls(**values)

    def environment(self, secrets: bool = True) -> dict[str, str]:
        """The settings as environment variables, for child processes; without `secrets`, those are empty."""
        hidden = () if secrets else secret_names()
        return {variable(f.name): "" if f.name in hidden else str(getattr(self, f.name)) for f in fields(self)}


def _hint(name: str, known: Iterable[str]) -> str:
    """What somebody may have meant who wrote `name`."""
    ends = sorted(each.removeprefix(PREFIX) for each in known)  # with it, all names would be alike
    near = get_close_matches(name.removeprefix(PREFIX), ends)
    if near:
        return f"Did you mean {' or '.join(PREFIX + each for each in near)}?"
    return f"Known: {', '.join(PREFIX + each for each in ends)}."


def _translated(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that are given under names of DIGITS, with their own."""
    found = {variable(name): environment[word] for word, name in SYNONYMS.items() if environment.get(word)}
    if level := found.get("EXPLORER_LOG_LEVEL"):
        found["EXPLORER_LOG_LEVEL"] = level.lower().replace("critical", "error")
    return found


def secret_names() -> tuple[str, ...]:
    """Settings that are passwords or contain them."""
    return tuple(f.name for f in fields(Settings) if f.metadata["secret"])


def variable(name: str) -> str:
    """Environment variable of a setting."""
    return PREFIX + name.upper()


def parse(name: str, text: str) -> object:
    """Value of the setting `name` from its text; raises StartError naming the variable."""
    kind = get_type_hints(Settings)[name]
    try:
        return CONVERT[kind](text)
    except ValueError:
        raise StartError(f"{variable(name)}={text!r} is not {WANTED[kind]}.", setting=variable(name)) from None


def check(setting: str, value: object) -> None:
    """Raise StartError when a value is outside what its setting admits."""
    bounds = next(f.metadata for f in fields(Settings) if f.name == setting)
    name, choices, least, most = variable(setting), bounds["choices"], bounds["least"], bounds["most"]
    if choices and value not in choices:
        raise StartError(f"{name}={value!r} is none of {', '.join(choices)}.", setting=name)
    if least is not None and isinstance(value, (int, float)) and value < least:
        raise StartError(f"{name}={value} is less than {least}.", setting=name)
    if most is not None and isinstance(value, (int, float)) and value > most:
        raise StartError(f"{name}={value} is more than {most}.", setting=name)


def parse_bool(text: str) -> bool:
    """True or False from the usual spellings; raises ValueError."""
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError(text)


CONVERT: dict[type, Any] = {int: int, str: str, Path: Path, bool: parse_bool}
WANTED = {int: "a whole number", bool: "yes or no", str: "text", Path: "a path"}


def table() -> list[tuple[str, str, str]]:
    """(variable, default, help) of every setting, for the manual and `serve --help`."""
    rows = []
    for f in fields(Settings):
        choices = f" One of {', '.join(f.metadata['choices'])}." if f.metadata["choices"] else ""
        rows.append((variable(f.name), str(f.default), f.metadata["help"] + choices))
    return rows
