"""Schemas: finding, reading and compiling the JSON Schema files below ``schemas/``.

Two engines read each schema. The compiled one decides and says where; the other must agree about each refused
part, or the delivery is refused as a disagreement that someone should look at. Both assert the same forms
(``forms.py``), both search patterns alike, and neither ever fetches a ``$ref``. What a refusal means as a
finding is ``refusals.py``'s to say. Before them a stricter schema is asked, which most documents fit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from operator import is_
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema_rs
import orjson

from rawzone_assets.contract.forms import FORMS
from rawzone_assets.contract.pointers import Parts

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_LOOKED_AT_FIRST = (1_000, 30_000)  # members of each list
_DEEPEST_LIST = 6  # levels down to which lists are shortened
MOST_REFUSALS = 200
"""How many refusals of one document are explained: ten pages of findings explain any mistake."""

# Keywords below which a stricter part makes a stricter whole, and those that have no parts.
_PLAIN = frozenset(
    {
        "$defs", "$ref", "$schema", "additionalProperties", "const", "description", "enum", "exclusiveMaximum",
        "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems",
        "minLength", "minProperties", "minimum", "multipleOf", "pattern", "properties", "required", "title",
        "type",
    }
)  # fmt: skip


class SchemaNotFoundError(LookupError):
    """The contract names a schema that is not installed: a fault of the contract, not of a delivery."""


class Schema(NamedTuple):
    """One schema file: ``name`` below ``schemas/``, its exact text and its hash for the receipts."""

    name: str
    text: str
    sha256: str
    document: Mapping[str, Any]


class Refusal(NamedTuple):
    """One part of a document that its schema refuses. An empty ``keyword``: the engines disagree."""

    parts: Parts
    keyword: str
    demand: Any  # the keyword's value
    schema: Mapping[str, Any]  # the subschema that holds the keyword
    instance: Any

    @property
    def missing(self) -> tuple[str, ...]:
        """The members that the part must have and has not, if that is why it is refused."""
        demanded = self.demand if self.keyword == "required" else ()
        return tuple(name for name in demanded if name not in self.instance)

    @property
    def places(self) -> tuple[Parts, ...]:
        """Where something is wrong: the part itself, or where its missing members would be."""
        return tuple((*self.parts, name) for name in self.missing) or (self.parts,)


@cache
def schema_folder() -> Path:
    """Where the schema files are: inside an installed wheel, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    packed = package / "_share" / "schemas"
    return packed if packed.is_dir() else package.parent / "schemas"


def schema_names() -> tuple[str, ...]:
    """All installed schemas, by name."""
    folder = schema_folder()
    return tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json")))


@cache
def load_schema(name: str) -> Schema:
    """The schema file of that name."""
    path = schema_folder() / name
    if not path.is_file():
        raise SchemaNotFoundError(f"there is no schema {name} in {schema_folder()}")
    data = path.read_bytes()
    return Schema(
        name=name, text=data.decode(), sha256=hashlib.sha256(data).hexdigest(), document=orjson.loads(data)
    )


def is_usual(name: str, document: Any) -> bool:
    """Whether the schema certainly accepts ``document`` and lists all its members, found in one pass."""
    proving = proving_engine(name)
    return proving is not None and proving.is_valid(document)


def refusals(name: str, document: Any) -> Iterator[Refusal]:
    """What the schema refuses in ``document``: nothing when it is valid, at most ``MOST_REFUSALS`` parts."""
    deciding = deciding_engine(name)
    if deciding.is_valid(document):
        return
    root = load_schema(name).document
    told: set[tuple[Parts, str]] = set()
    for error in _errors(deciding, document):
        parts, keyword = tuple(error.instance_path), str(error.schema_path[-1])
        if (parts, keyword) in told:
            continue  # one refusal an object, however many of its members are missing
        told.add((parts, keyword))
        schema, instance = _follow(root, error.schema_path[:-1]), _follow(document, error.instance_path)
        # Asked about this keyword alone: it would need minutes for a document that the other reads in a second.
        agreed = not explaining_engine(name).evolve(schema={keyword: schema[keyword]}).is_valid(instance)
        yield Refusal(
            parts=parts,
            keyword=keyword if agreed else "",
            demand=schema[keyword],
            schema=schema,
            instance=instance,
        )


def _errors(deciding: jsonschema_rs.Draft202012Validator, document: Any) -> list[Any]:
    """The first errors. The engine makes all before it gives one, each a hundred times as large as what it is
    about: in a list of nothing but wrong records, enough of them stand at its beginning.
    """
    for most in _LOOKED_AT_FIRST:
        beginning = _beginning(document, most, _DEEPEST_LIST)
        if beginning is document:
            break
        found = list(islice(deciding.iter_errors(beginning), MOST_REFUSALS))
        if len(found) == MOST_REFUSALS:
            return found
    return list(islice(deciding.iter_errors(document), MOST_REFUSALS))


def _beginning(value: Any, most: int, depth: int) -> Any:
    """The value with no more than ``most`` members of each list; itself when none has more."""
    if depth and isinstance(value, list):
        some = [_beginning(member, most, depth - 1) for member in value[:most]]
        is_whole = len(some) == len(value) and all(map(is_, some, value))
        return value if is_whole else some
    if depth and isinstance(value, dict):
        pairs = {name: _beginning(member, most, depth - 1) for name, member in value.items()}
        return value if all(map(is_, pairs.values(), value.values())) else pairs
    return value


def _follow(value: Any, parts: Iterable[str | int]) -> Any:
    for part in parts:
        value = value[part]
    return value


@cache
def deciding_engine(name: str) -> jsonschema_rs.Draft202012Validator:
    """The compiled engine: about 75 times as fast, and its patterns take linear time whatever the input."""
    return compiled(load_schema(name).document)


def compiled(document: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """The compiled engine of any schema that is written like ours."""
    # It is a third slower wherever it may have to call Python: it gets only the forms that the schema may name.
    text = orjson.dumps(document)
    named = [form for form in FORMS.values() if b'"format":"%b"' % form.name.encode() in text]
    return jsonschema_rs.Draft202012Validator(
        dict(document),
        formats={form.name: form.accepts for form in named},
        validate_formats=True,
        ignore_unknown_formats=False,  # a mistyped format must not silently accept everything
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
    )


@cache
def proving_engine(name: str) -> jsonschema_rs.Draft202012Validator | None:
    """The compiled engine of the schema made stricter, if it can be."""
    strict = stricter_schema(name)
    return compiled(strict) if strict is not None else None


@cache
def stricter_schema(name: str) -> Mapping[str, Any] | None:
    """The schema made stricter: no member that is not listed, texts of the usual forms.

    Forms as patterns spare a call of Python for each text, which takes most of the deciding engine's time.
    ``None`` where a stricter part would not make a stricter whole, as below ``not``.
    """
    document = load_schema(name).document
    strict: Mapping[str, Any] | None = _stricter(document) if _grows_stricter(document) else None
    return strict


def _grows_stricter(schema: Any) -> bool:
    """Whether a schema with stricter parts accepts less: it has no keyword that turns an answer round."""
    if not isinstance(schema, Mapping):
        return True
    parts = [schema.get("items"), *schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    plain = all(keyword in _PLAIN or keyword.startswith("x-") for keyword in schema)
    return plain and all(map(_grows_stricter, parts))


def _stricter(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    strict = dict(schema)
    for keyword in ("properties", "$defs"):
        if keyword in schema:
            strict[keyword] = {name: _stricter(part) for name, part in schema[keyword].items()}
    if "items" in schema:
        strict["items"] = _stricter(schema["items"])
    if "properties" in schema and schema.get("additionalProperties") is not True:
        strict["additionalProperties"] = False
    pattern = usual_pattern(schema.get("format", ""))
    if pattern and "pattern" not in schema:
        del strict["format"]
        strict["pattern"] = pattern
    return strict


def usual_pattern(name: str) -> str | None:
    """A pattern of most texts that a form accepts and of no others; ``None`` where there is none."""
    form = FORMS.get(name)
    return f"^(?:{form.usual})$" if form and form.usual else None


@cache
def explaining_engine(name: str) -> Validator:
    """The engine that must agree. Imported late: most processes never meet a refused document."""
    import jsonschema  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415

    checker = jsonschema.FormatChecker(formats=())
    for form in FORMS.values():
        checker.checks(form.name)(_asserting(form.accepts))
    explaining: type[Validator] = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
        jsonschema.Draft202012Validator,
        {"pattern": _search_pattern},
    )
    # An empty registry of our own: the default one would fetch unknown references over the network.
    return explaining(dict(load_schema(name).document), format_checker=checker, registry=Registry())


def _asserting(accepts: Any) -> Any:
    return lambda instance: not isinstance(instance, str) or accepts(instance)


def _search_pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    import jsonschema  # noqa: PLC0415

    if isinstance(instance, str) and not compiled_pattern(pattern).search(instance):
        yield jsonschema.ValidationError("does not match the pattern")


@cache
def compiled_pattern(pattern: str) -> re.Pattern[str]:
    r"""The pattern as ECMA-262 means it: Python's ``$`` would also match before a final line end."""
    return re.compile(re.sub(r"(?<!\\)((?:\\\\)*)\$", r"\1\\Z", pattern))
