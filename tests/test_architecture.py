"""The rules of the source tree, read from the source and enforced.

Each rule is a function from a source file to a list of complaints. It is applied to
every file of the package in a test of its own name, and to small forbidden and allowed
examples, so that a rule that can no longer fail is noticed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_PYTHON_FUNCTION = 50
MAX_CPP_FUNCTION = 60
MAX_FILE = 500


# ---- which part of the package may import which --------------------------------------
BASE = {"exceptions", "_config", "_logging"}
TERMS = {"penalties", "datafits", "operators"}
SOLVERS = {"prox", "solvers"}
FAMILIES = {
    "bayes",
    "decomposition",
    "gaussian_process",
    "greedy",
    "linear_model",
    "pruning",
    "recommender",
    "unrolled",
}
LEAVES = {"datasets", "metrics", "plotting", "utils"}

CORE = BASE | {"_kernels", "utils"}
MAY_IMPORT = {
    **dict.fromkeys(BASE, BASE),
    "utils": BASE | {"_kernels"},  # show_versions asks how they were built
    **dict.fromkeys(LEAVES - {"utils"}, BASE | {"utils"}),
    "_kernels": BASE,
    **dict.fromkeys(TERMS, CORE | TERMS),
    **dict.fromkeys(SOLVERS, CORE | TERMS | SOLVERS),
    # A family uses the leaves, but matplotlib stays optional: none imports plotting.
    **dict.fromkeys(FAMILIES, CORE | TERMS | SOLVERS | {"datasets", "metrics"}),
}
MAY_IMPORT["datasets"] = CORE | {"operators"}  # designs that are operators
MAY_IMPORT["metrics"] = BASE | {"utils", "datasets"}  # studies draw problems
MAY_IMPORT["decomposition"] = MAY_IMPORT["decomposition"] | {"greedy"}  # OMP coding
# Displays draw the paths of estimators; nobody imports them.
MAY_IMPORT["plotting"] = CORE | TERMS | SOLVERS | FAMILIES | {"metrics"}
# The top of the tree sees everything: the lazy names of __init__, and the checks that
# testing/ offers to authors of estimators.
UNBOUND = {"", "testing"}


@dataclass(frozen=True)
class Source:
    """A file of the package: its dotted module name, or its path if it is C++."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def part(self) -> str:
        """First level below the package: "solvers" for sparsesci.solvers._path."""
        return self.name.split(".")[1] if "." in self.name else ""

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full dotted name of everything imported, wherever it is written."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, alias.name
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    yield node.lineno, f"{node.module}.{alias.name}"


Rule = Callable[[Source], list[str]]


def layers(source: Source) -> list[str]:
    if source.part in UNBOUND:
        return []
    if source.part not in MAY_IMPORT:
        return [f"{source.part!r} has no place among the layers: add it to this test"]
    allowed = MAY_IMPORT[source.part] | {source.part}
    complaints = []
    for line, name in source.imports():
        parts = name.split(".")
        if parts[0] == "sparsesci" and parts[1] not in allowed:
            complaints.append(
                f"line {line} imports {name}; {source.part} may only import "
                f"{', '.join(sorted(allowed))}"
            )
    return complaints


def relative_imports(source: Source) -> list[str]:
    return [
        f"line {node.lineno}: import by the full name, from sparsesci..."
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]


def private_scikit_learn(source: Source) -> list[str]:
    return [
        f"line {line} imports {name}, which scikit-learn may change without notice"
        for line, name in source.imports()
        if name.startswith("sklearn.")
        and any(part.startswith("_") for part in name.split("."))
    ]


def kernels_only_through_the_door(source: Source) -> list[str]:
    if source.part == "_kernels":
        return []
    return [
        f"line {line} imports {name}; only sparsesci._kernels may, others call "
        "get_backend()"
        for line, name in source.imports()
        if name.split(".")[0] in {"numba", "llvmlite"}
        or re.match(r"sparsesci\._kernels\.(_core|cpp_backend|numba_backend)\b", name)
    ]


def matplotlib_only_in_plotting(source: Source) -> list[str]:
    if source.part == "plotting":
        return []
    return [
        f"line {line} imports {name}; only sparsesci.plotting may"
        for line, name in source.imports()
        if name.split(".")[0] in {"matplotlib", "mpl_toolkits"}
    ]


def prints(source: Source) -> list[str]:
    return [
        f"line {node.lineno} prints; use sparsesci._logging or return the text"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]


def long_python_functions(source: Source) -> list[str]:
    complaints = []
    for node in ast.walk(source.tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        length = node.end_lineno - node.lineno + 1
        if ast.get_docstring(node) is not None:
            length -= node.body[0].end_lineno - node.body[0].lineno + 1
        if length > MAX_PYTHON_FUNCTION:
            complaints.append(
                f"line {node.lineno}: {node.name} has {length} lines without its "
                f"docstring, the limit is {MAX_PYTHON_FUNCTION}"
            )
    return complaints


_CPP_NOISE = re.compile(
    r"//[^\n]*"  # comments
    r"|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'  # strings and characters
    r"|'(?:\\.|[^'\\\n])'"
    r"|^[ \t]*#(?:\\\n|[^\n])*",  # preprocessor lines, with their continuations
    re.DOTALL | re.MULTILINE,
)
_CPP_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$")


def cpp_functions(text: str) -> Iterator[tuple[int, str, int]]:
    """First line, head and length of each outermost function body, by its braces."""
    code = _CPP_NOISE.sub(lambda noise: "\n" * noise[0].count("\n"), text)
    head, line = "", 1
    depth = 0  # of braces within the function; 0 outside of one
    for character in code:
        if character == "{":
            if depth or ("(" in head and not _CPP_SCOPE.search(head)):
                depth += 1
            if depth == 1:
                start = line - head.lstrip().count("\n")
                name = " ".join(head.split())
            head = ""
        elif character == "}":
            if depth:
                depth -= 1
                if depth == 0:
                    yield start, name, line - start + 1
            head = ""
        elif character == ";":
            head = ""
        else:
            head += character
        line += character == "\n"


def long_cpp_functions(source: Source) -> list[str]:
    return [
        f"line {line}: {name} has {length} lines, the limit is {MAX_CPP_FUNCTION}"
        for line, name, length in cpp_functions(source.text)
        if length > MAX_CPP_FUNCTION
    ]


def long_files(source: Source) -> list[str]:
    length = len(source.text.splitlines())
    if length <= MAX_FILE:
        return []
    return [f"{length} lines, the limit is {MAX_FILE}: it holds more than one idea"]


# ---- the tree obeys ------------------------------------------------------------------
def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
        ".__init__"
    )


PYTHON = [
    Source(_module_name(path), path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "sparsesci").rglob("*.py"))
]
CPP = [
    Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "src_cpp").rglob("*"))
    if path.suffix in {".cpp", ".hpp", ".ipp"}
]


def _assert_obeyed(rule: Rule, sources: list[Source]) -> None:
    complaints = [f"{s.name}: {complaint}" for s in sources for complaint in rule(s)]
    assert not complaints, "\n" + "\n".join(complaints)


def test_there_is_something_to_check() -> None:
    assert "sparsesci._kernels" in [source.name for source in PYTHON]
    assert "src_cpp/bindings/module.cpp" in [source.name for source in CPP]
    assert sum(1 for s in CPP for _ in cpp_functions(s.text)) > 50


def test_layers_import_downwards_only() -> None:
    _assert_obeyed(layers, PYTHON)


def test_imports_are_absolute() -> None:
    _assert_obeyed(relative_imports, PYTHON)


def test_only_public_scikit_learn_is_used() -> None:
    _assert_obeyed(private_scikit_learn, PYTHON)


def test_only_kernels_import_numba_or_the_extension() -> None:
    _assert_obeyed(kernels_only_through_the_door, PYTHON)


def test_matplotlib_is_imported_in_plotting_only() -> None:
    _assert_obeyed(matplotlib_only_in_plotting, PYTHON)


def test_nothing_prints() -> None:
    _assert_obeyed(prints, PYTHON)


def test_python_functions_are_short() -> None:
    _assert_obeyed(long_python_functions, PYTHON)


def test_cpp_functions_are_short() -> None:
    _assert_obeyed(long_cpp_functions, CPP)


def test_files_are_short() -> None:
    _assert_obeyed(long_files, PYTHON + CPP)


# ---- the rules can fail --------------------------------------------------------------
def _python_function(n_lines: int, docstring: str = "") -> str:
    return f"def f():\n{docstring}" + "    x = 1\n" * (n_lines - 1)


def _cpp_function(
    n_lines: int, head: str = "template <class T>\nvoid f(T x) const"
) -> str:
    n_body = n_lines - head.count("\n") - 2
    return "namespace a {\n" + head + " {\n" + "    if (x) { y(); }\n" * n_body + "}\n}"


LONG_DOCSTRING = '    """Sum.\n' + "\n" * 100 + '    """\n'
FORBIDDEN = [
    (layers, "solvers", "from sparsesci.linear_model import Lasso"),
    (layers, "penalties", "import sparsesci.solvers"),
    (layers, "_kernels", "from sparsesci import penalties"),
    (layers, "exceptions", "from sparsesci import _kernels"),
    (layers, "linear_model", "from sparsesci.greedy import OMP"),
    (layers, "greedy", "from sparsesci.decomposition import DictionaryLearning"),
    (layers, "metrics", "from sparsesci.solvers import coordinate_descent"),
    (layers, "metrics", "def f():\n    from sparsesci._kernels import get_backend"),
    (layers, "linear_model", "from sparsesci.plotting import PathDisplay"),
    (layers, "newcomer", "import numpy"),
    (relative_imports, "solvers", "from . import _path"),
    (relative_imports, "solvers", "from ..penalties import L1"),
    (private_scikit_learn, "linear_model", "from sklearn.linear_model._base import X"),
    (private_scikit_learn, "linear_model", "from sklearn.utils import _safe_tags"),
    (private_scikit_learn, "linear_model", "import sklearn.utils._param_validation"),
    (kernels_only_through_the_door, "solvers", "import numba"),
    (kernels_only_through_the_door, "", "from numba.core import types"),
    (kernels_only_through_the_door, "prox", "from sparsesci._kernels import _core"),
    (
        kernels_only_through_the_door,
        "prox",
        "from sparsesci._kernels.cpp_backend import prox",
    ),
    (matplotlib_only_in_plotting, "metrics", "def f():\n    import matplotlib.pyplot"),
    (prints, "solvers", "def f():\n    print('done')"),
    (long_python_functions, "solvers", _python_function(51)),
    (long_python_functions, "solvers", "async " + _python_function(51)),
    (long_cpp_functions, "src_cpp", _cpp_function(61)),
    (long_cpp_functions, "src_cpp", _cpp_function(61, "A(int x)\n    : x_(x), y_(x)")),
    (long_files, "solvers", "\n" * 501),
]
ALLOWED = [
    (layers, "solvers", "import numpy\nfrom sparsesci.penalties import L1"),
    (layers, "decomposition", "from sparsesci.greedy import OMP"),
    (layers, "linear_model", "from sparsesci.solvers import coordinate_descent"),
    (layers, "", "from sparsesci.linear_model import Lasso"),
    (layers, "testing", "from sparsesci.linear_model import Lasso"),
    (relative_imports, "solvers", "from sparsesci.solvers import _path"),
    (private_scikit_learn, "linear_model", "from sklearn.base import BaseEstimator"),
    (kernels_only_through_the_door, "_kernels", "import numba"),
    (
        kernels_only_through_the_door,
        "prox",
        "from sparsesci._kernels import get_backend",
    ),
    (matplotlib_only_in_plotting, "plotting", "import matplotlib.pyplot"),
    (prints, "solvers", "'''print(x)'''\npprint(x)\nlog.print(x)"),
    (long_python_functions, "solvers", _python_function(50, LONG_DOCSTRING)),
    (long_cpp_functions, "src_cpp", _cpp_function(60)),
    (long_cpp_functions, "src_cpp", _cpp_function(60) + _cpp_function(60)),
    (long_cpp_functions, "src_cpp", "class A {\n" + "int x();\n" * 90 + "};"),
    (long_cpp_functions, "src_cpp", "void f() { g(\"{\", '{'); } // {" + "\n" * 90),
    (long_files, "solvers", "\n" * 500),
]


def _example(part: str, text: str) -> Source:
    return Source(f"sparsesci.{part}.example" if part else "sparsesci", text)


def _label(value: object) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize(("rule", "part", "text"), FORBIDDEN, ids=_label)
def test_rule_catches(rule: Rule, part: str, text: str) -> None:
    assert len(rule(_example(part, text))) == 1


@pytest.mark.parametrize(("rule", "part", "text"), ALLOWED, ids=_label)
def test_rule_lets_pass(rule: Rule, part: str, text: str) -> None:
    assert rule(_example(part, text)) == []


def test_every_rule_has_examples_of_both_kinds() -> None:
    rules = {
        layers,
        relative_imports,
        private_scikit_learn,
        kernels_only_through_the_door,
        matplotlib_only_in_plotting,
        prints,
        long_python_functions,
        long_cpp_functions,
        long_files,
    }
    assert {example[0] for example in FORBIDDEN} == rules
    assert {example[0] for example in ALLOWED} == rules
