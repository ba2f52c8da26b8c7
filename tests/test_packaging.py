"""What is installed: a typed package with its metadata, not the source tree."""

from __future__ import annotations

import ast
import inspect
import json
import re
from importlib import metadata
from pathlib import Path

import sparsesci
from sparsesci._kernels import _contract

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = Path(sparsesci.__file__).resolve().parent


def _is_editable() -> bool:
    origin = metadata.distribution("sparsesci").read_text("direct_url.json")
    return bool(origin) and bool(json.loads(origin).get("dir_info", {}).get("editable"))


def test_tests_see_the_installed_package() -> None:
    shadowed = INSTALLED == ROOT / "sparsesci" and not _is_editable()
    assert not shadowed, (
        "the source tree shadows the installed package: run `make test`"
    )


def test_version_is_said_once() -> None:
    assert sparsesci.__version__ == metadata.version("sparsesci")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {sparsesci.__version__}\n" in citation


def test_package_is_typed() -> None:
    assert (INSTALLED / "py.typed").is_file()
    assert (INSTALLED / "_kernels" / "_core.pyi").is_file()


def test_stub_of_the_extension_follows_the_contract() -> None:
    stub = ast.parse((INSTALLED / "_kernels" / "_core.pyi").read_text(encoding="utf-8"))
    found = {
        node.name: [argument.arg for argument in node.args.args]
        for node in stub.body
        if isinstance(node, ast.FunctionDef)
    }
    expected = {
        name: list(inspect.signature(getattr(_contract.Backend, name)).parameters)[1:]
        for name in _contract.KERNELS
    }
    assert found == expected


def test_oldest_constraints_are_the_lower_bounds() -> None:
    constraints = (ROOT / ".ci" / "constraints-oldest.txt").read_text(encoding="utf-8")
    oldest = dict(re.findall(r"^([\w-]+)==([\d.]+)$", constraints, re.MULTILINE))
    bounds: dict[str, str] = {}
    for requirement in metadata.requires("sparsesci") or []:
        bound = re.match(r"([\w-]+)>=([\d.]+)", requirement)
        extra = re.search(r"extra == ['\"](\w+)['\"]", requirement)
        if bound and (extra is None or extra[1] in {"plot", "cvxpy", "test"}):
            bounds[bound[1]] = bound[2]
    assert bounds.keys() == oldest.keys()
    for name, bound in bounds.items():
        assert (oldest[name] + ".0").startswith(bound + "."), name
