"""YAML with the values of JSON and no others: numbers are read as in JSON, and what is no number there is a text.

So `1e-4` is a number, and 2026-01-01, 0x1f, 1:30 and .inf are texts, which whoever wants a number refuses by name. There
are no aliases: one of them can stand for billions of copies of what it names.
"""

import re
from typing import Any

import yaml

from embedding_explorer.errors import BadInput

# Signs, zeros in front and a point at an end are what JSON lacks and people write.
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_BOOL = re.compile(r"(true|yes|on|false|no|off)\Z", re.IGNORECASE | re.ASCII)
_NULL = re.compile(r"(~|null|)\Z", re.IGNORECASE | re.ASCII)
_TAG = "tag:yaml.org,2002:"


def _compose_node(loader: Any, parent: Any, index: Any) -> Any:
    """A node that stands for itself; raises BadInput."""
    if loader.check_event(yaml.AliasEvent):
        raise BadInput("has aliases (*name); write out what they stand for")
    return yaml.SafeLoader.compose_node(loader, parent, index)


_TABLES: dict[str, Any] = {"yaml_implicit_resolvers": {}, "yaml_constructors": {}}  # which `_scalar` fills
_Loader: Any = type("_Loader", (yaml.SafeLoader,), {"compose_node": _compose_node, **_TABLES})


def _scalar(kind: str, pattern: re.Pattern[str], first: str, made: Any) -> None:
    """Let plain texts that match be of a kind; a text that is said to be of it and does not match is a fault."""

    def construct(loader: Any, node: Any) -> Any:
        text = loader.construct_scalar(node)
        if not pattern.match(text):
            raise yaml.constructor.ConstructorError(None, None, f"{text[:40]!r} is no {kind}", node.start_mark)
        return made(text)

    _Loader.add_implicit_resolver(_TAG + kind, pattern, [*first])
    _Loader.add_constructor(_TAG + kind, construct)


_scalar("int", _INTEGER, "-+0123456789", int)
_scalar("float", _FLOAT, "-+.0123456789", float)
_scalar("bool", _BOOL, "yYnNtTfFoO", lambda text: _TRUTHS[text.lower()])
_scalar("null", _NULL, "~nN", lambda text: None)
_Loader.add_implicit_resolver(_TAG + "null", _NULL, [""])
for _kind in ("str", "seq", "map"):
    _Loader.add_constructor(_TAG + _kind, yaml.SafeLoader.yaml_constructors[_TAG + _kind])
_Loader.add_constructor(None, yaml.SafeLoader.yaml_constructors[None])


def read_yaml(text: str) -> Any:
    """The value of a text, which may be indented as a whole.

    Raises BadInput saying what the text has, in words that go on from its name.
    """
    lines = text.split("\n")
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    try:
        return yaml.load("\n".join(line[margin:] for line in lines), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"has a fault in line {line}: {str(error.problem)[:200]}") from error
    except yaml.YAMLError as error:
        raise BadInput("has characters that no YAML has") from error
    except (ValueError, RecursionError) as error:
        raise BadInput("has numbers too long, or lists too deep") from error
