"""What each run has to show (contract, 6.2)."""

from collections.abc import Iterable
from string import ascii_letters, digits

from embedding_explorer.runs.base import SESSION, Kind, LogSet, Run

YES = ["true"]
MEDIA: tuple[Kind, ...] = ("image", "audio", "text")


def categories(logs: LogSet, *, dialect: str) -> object:
    """The categories of every run, with their tags."""
    describe = for_web if dialect == "web" else for_everybody
    return {run.key: describe(run) for run in logs.runs()}


def for_everybody(run: Run) -> dict[str, object]:
    """Every category, empty where the run has none of it."""
    embeddings, exceptions = embedding_tags(run), ordered(run.tags("exception"))
    hparams = YES if run.has("hparams", SESSION) else []
    return {
        "scalar": grouped(run.tags("scalar")),
        "media": {kind: ordered(run.tags(kind)) for kind in MEDIA},
        "statistic": {"histogram": ordered(run.tags("histogram"))},
        "graph": graphs(run),
        "embedding": embeddings + [tag for tag in exceptions if tag not in set(embeddings)],
        "exception": exceptions,
        "hparams": hparams,
        "hyperparm": hparams,
        "custom": YES,
        "featuremap": ordered(run.tags("featuremap")),
        "transformer": ordered(run.tags("transformer")),
        "hiddenstate": ordered(run.tags("hiddenstate")),
    }


def for_web(run: Run) -> dict[str, object]:
    """Only what there is, under keys that the published front end knows: it stops at any other."""
    every = for_everybody(run)
    media = {kind: tags for kind in MEDIA if (tags := ordered(run.tags(kind)))}
    histograms = ordered(run.tags("histogram"))
    found = {
        "graph": graphs(run) + ordered(run.tags("featuremap")),
        "scalar": every["scalar"],
        "media": media,
        "statistic": {"histogram": histograms} if histograms else {},
        "embedding": embedding_tags(run),
        **{key: every[key] for key in ("hyperparm", "exception", "transformer", "hiddenstate", "custom")},
    }
    return {key: value for key, value in found.items() if value}


def embedding_tags(run: Run) -> list[str]:
    """Tags of embeddings in event files, and in the folder's projector_config.pbtxt."""
    from embedding_explorer.runs.projections import configured_tags

    configured = configured_tags(run.folder) if run.configured() else []
    return ordered(dict.fromkeys([*run.tags("embedding"), *configured]))


def graphs(run: Run) -> list[str]:
    """Which graphs can be shown."""
    computed = run.has("graph", "")
    derived = computed or bool(run.structure_graphs())
    return ["c_graph"] * computed + ["s_graph"] * derived


def grouped(tags: Iterable[str]) -> dict[str, list[str]]:
    """Tags by what stands before their first slash."""
    groups: dict[str, list[str]] = {}
    for tag in ordered(tags):
        groups.setdefault(tag.split("/", 1)[0], []).append(tag)
    return groups


def ordered(tags: Iterable[str]) -> list[str]:
    """Tags as listings have them: by their letters, then by the number that their digits make."""
    return sorted(tags, key=order)


def order(tag: str) -> tuple[str, int, str]:
    """What a tag is sorted by: the letters in order, the number, and, among equals, all of it."""
    letters = "".join(character for character in tag if character in ascii_letters)
    figures = "".join(character for character in tag if character in digits)[:4000]
    return letters, int(figures or 0), tag
