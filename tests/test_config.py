"""Choice of the backend, and what is reported about it."""

from __future__ import annotations

import io
import subprocess
import sys
import threading

import numpy as np
import pytest

import sparsesci
from sparsesci._kernels import available_backends, get_backend
from sparsesci.linear_model import Lasso, LassoCV

HIDE_EXTENSION = """
import sys, warnings
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name == "sparsesci._kernels._core":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hide())
"""

FIT = """
from sparsesci.linear_model import Lasso
print(Lasso(0.1).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]).coef_)
"""


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_context_sets_and_restores():
    before = sparsesci.get_config()
    with sparsesci.config_context(backend="numba"):
        assert get_backend().NAME == "numba"
        with sparsesci.config_context():
            assert sparsesci.get_config() == {"backend": "numba"}
    assert sparsesci.get_config() == before


def test_context_does_not_leak_into_other_threads():
    names = []
    with sparsesci.config_context(backend="numba"):
        thread = threading.Thread(
            target=lambda: names.append(sparsesci.get_config()["backend"])
        )
        thread.start()
        thread.join()
    assert names == [sparsesci.get_config()["backend"]]


def test_context_reaches_the_folds(monkeypatch):
    """Workers of a parallel loop use the backend of their caller."""
    import sparsesci.linear_model._folds as folds

    used = []
    original = folds.make_setting

    def spy(*args):
        used.append(get_backend().NAME)
        return original(*args)

    monkeypatch.setattr(folds, "make_setting", spy)
    X = np.random.default_rng(0).standard_normal((30, 4))
    with sparsesci.config_context(backend="numba"):
        LassoCV(alphas=3, cv=3, n_jobs=2).fit(X, X[:, 0])
    assert used == ["numba"] * 3


@pytest.mark.parametrize("name", ["", "cuda", None])
def test_unknown_backend_is_refused(name):
    if name is not None:
        with (
            pytest.raises(ValueError, match="backend must be one of"),
            sparsesci.config_context(backend=name),
        ):
            pass
    done = run_python(FIT, SPARSESCI_BACKEND=name or "cuda")
    assert done.returncode != 0
    assert "SPARSESCI_BACKEND must be one of" in done.stderr


def test_hidden_extension_falls_back_once_with_a_warning():
    done = run_python(HIDE_EXTENSION + FIT + FIT, SPARSESCI_BACKEND="auto")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["[0.85]", "[0.85]"]
    assert done.stderr.count("BackendWarning") == 1
    assert "using numba" in done.stderr


def test_hidden_extension_fails_loudly_when_asked_for():
    done = run_python(HIDE_EXTENSION + FIT, SPARSESCI_BACKEND="cpp")
    assert done.returncode != 0
    assert "ModuleNotFoundError" in done.stderr


def test_numba_is_not_imported_by_the_compiled_backend():
    if "cpp" not in available_backends():
        pytest.skip("the cpp backend is not available here")
    code = FIT + "import sys; assert 'numba' not in sys.modules"
    done = run_python(code, SPARSESCI_BACKEND="cpp")
    assert done.returncode == 0, done.stderr


def test_import_is_light():
    heavy = "('numba', 'matplotlib', 'sklearn')"
    code = f"import sparsesci, sys; print([m for m in {heavy} if m in sys.modules])"
    assert run_python(code).stdout.strip() == "[]"


def test_public_names_exist():
    for name in sparsesci.__all__:
        assert getattr(sparsesci, name) is not None
    assert set(sparsesci.__all__) <= set(dir(sparsesci))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sparsesci.nothing


def test_show_versions_names_what_a_report_needs(backend):
    out = io.StringIO()
    sparsesci.show_versions(out)
    text = out.getvalue()
    for word in ("python", "numpy", "scikit-learn", "numba", f"backend: {backend}"):
        assert word in text


def test_all_estimators():
    names = [name for name, _ in sparsesci.all_estimators()]
    assert names == sorted(names)
    assert dict(sparsesci.all_estimators("regressor"))["Lasso"] is Lasso
    assert sparsesci.all_estimators("cluster") == []
    with pytest.raises(ValueError, match="type_filter"):
        sparsesci.all_estimators("magic")
