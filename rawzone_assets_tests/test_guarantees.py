"""Documents: guarantees name tests that exist, and what texts refer to is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
TEXT = (ROOT / "docs" / "guarantees.md").read_text()
PROMISED, _, NOT_PROMISED = TEXT.partition("\n## What is not promised\n")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def found_under(file: str, name: str) -> list[str]:
    """The tests of a class, or the one that is a function of that name."""
    for node in ast.parse((TESTS / file).read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            functions = node.body if isinstance(node, ast.ClassDef) else [node]
            names = [part.name for part in functions if isinstance(part, ast.FunctionDef)]
            return [name for name in names if name.startswith("test_")]
    return []


def statements(text: str) -> list[str]:
    """Bullets and table rows, each with the lines that continue it."""
    rows = [line for line in text.splitlines() if line.startswith("| ") and "shown by" not in line]
    return rows + re.findall(r"^- .*(?:\n  .*)*", text, flags=re.MULTILINE)


class TestEachGuarantee:
    @pytest.mark.parametrize(("file", "name"), NAMED, ids=["::".join(named) for named in NAMED])
    def test_names_tests_that_exist(self, file, name):
        assert (TESTS / file).is_file()
        assert found_under(file, name), f"{file} has no tests under {name}"

    def test_names_a_test(self):
        said = statements(PROMISED)
        assert len(said) > 30
        assert [statement for statement in said if "::" not in statement] == []

    def test_writes_tests_in_one_form_only(self):
        # Another form would be passed over above.
        assert len(re.findall(r"`[^`]*::[^`]*`", TEXT)) - 1 == len(re.findall(r"`[\w/]+\.py::\w+`", TEXT))

    @pytest.mark.parametrize("number", range(1, 10))
    def test_is_there_for_each_invariant(self, number):
        assert re.search(rf"^\| I{number} \| .*::", PROMISED, flags=re.MULTILINE)

    def test_has_its_limits_beside_it(self):
        assert len(statements(NOT_PROMISED)) > 10


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(document):
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_the_readme_leads_to_every_document(document):
    assert f"](docs/{document.name})" in (ROOT / "README.md").read_text()


def test_the_architecture_names_what_is_there():
    """Modules and folders of the package, or where the sentence says so, of its tests."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.(?:py|txt)|(?:[a-z_]+/)+)`", text))
    assert len(named) > 50
    roots = (ROOT, ROOT / "rawzone_assets", TESTS)
    below_a_root = {"state/"}  # of the zone
    assert [name for name in named - below_a_root if not any((root / name).exists() for root in roots)] == []


def test_every_decision_that_is_referred_to_exists():
    """Code and documents refer to decisions by number."""
    numbers = {path.name[:4] for path in (ROOT / "docs" / "adr").glob("*.md")}
    sources = [*DOCUMENTS, *(ROOT / "rawzone_assets").rglob("*.py")]
    referred = {number for path in sources for number in re.findall(r"docs/adr/(\d{4})", path.read_text())}
    assert referred - numbers == set()


def test_what_comments_name_in_another_module_exists():
    """Readers who follow ``module.name`` or ``folder.module`` find it there."""
    package = ROOT / "rawzone_assets"
    sources = {path: path.read_text() for path in package.rglob("*.py")}
    modules: dict[str, str] = {}
    for path, text in sources.items():
        modules[path.stem] = modules.get(path.stem, "") + text
    lost = [
        f"{path.name}: {module}.{name}"
        for path, text in sources.items()
        for module, name in re.findall(r"`([a-z_]+)\.(?!py`)(\w+)`", text)
        if module in modules and not re.search(rf"\b{name}\b", modules[module])
        if not (package / module / f"{name}.py").exists()
    ]
    assert lost == []
