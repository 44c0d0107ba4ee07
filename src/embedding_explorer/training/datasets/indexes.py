"""Folders behind addresses, as web servers list them: pages of links, with a slash after the names of folders."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin

from embedding_explorer.errors import FetchFailed
from embedding_explorer.training.datasets.places import Places

# What a name ends with, in any case, for its file to count as an image.
EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm")


class Index(NamedTuple):
    """Addresses of what lies right in a folder, in the order of the page, each once."""

    folders: list[str]
    files: list[str]


def is_image(name: str) -> bool:
    """Whether a file's name says that it is an image which counts."""
    return name.lower().endswith(EXTENSIONS)


def read_index(url: str, places: Places) -> Index:
    """What the page of a folder lists; links that lead elsewhere do not count. Raises FetchFailed."""
    page = _Links()
    try:
        page.feed(places.fetched(url).decode("utf-8", "replace"))
    except AssertionError as error:  # what Python's parser says of some broken declarations
        raise FetchFailed(f"{url[:200]} is no page that can be read; give one with links to folders.") from error
    found = dict.fromkeys(filter(None, (_target(url, link) for link in page.links)))
    inside = [each for each in found if each.startswith(url) and _is_one_name(each.removeprefix(url))]
    return Index([each for each in inside if each.endswith("/")], [each for each in inside if not each.endswith("/")])


def index_images(url: str, places: Places, depth: int) -> Iterator[str]:
    """Addresses of the images in a folder and those below, sorted within each. Raises FetchFailed."""
    waiting = [(url, 0)]
    while waiting:
        current, level = waiting.pop()
        index = read_index(current, places)
        yield from sorted(filter(is_image, index.files))
        if level < depth:
            waiting += [(folder, level + 1) for folder in sorted(index.folders, reverse=True)]


def _target(url: str, link: str) -> str | None:
    try:
        return urldefrag(urljoin(url, link)).url
    except ValueError:  # such as http://[
        return None


def _is_one_name(name: str) -> bool:
    bare = name.removesuffix("/")
    return bare not in ("", ".", "..") and "/" not in bare and "?" not in bare


class _Links(HTMLParser):
    """Collects where the links of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take one tag."""
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]
