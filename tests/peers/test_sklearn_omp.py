"""scikit-learn's own tests of orthogonal matching pursuit, on our names.

Its test file is loaded from the installed scikit-learn with our classes and functions
in the place of its own. What does not pass is listed, with the reason, and must still
fail.
"""

from __future__ import annotations

import importlib.util
from unittest import mock

import pytest
import sklearn.linear_model

import sparsesci.greedy

OURS = {
    name: getattr(sparsesci.greedy, name)
    for name in sparsesci.greedy.__all__
    if hasattr(sklearn.linear_model, name)
}
_DEPENDENT = (
    "the test asks for a warning about dependent atoms where the signal is represented "
    "exactly: ours comes only if something is left"
)
DIFFERENCES = {
    "test_identical_regressors": _DEPENDENT,
    "test_unreachable_accuracy": _DEPENDENT,
}

pytestmark = [
    # As in scikit-learn's own runs: a warning is an error if it is about the future.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error::DeprecationWarning"),
    pytest.mark.filterwarnings("error::FutureWarning"),
]


def _load():
    """A private copy of the test file, on our names."""
    full = "sklearn.linear_model.tests.test_omp"
    try:
        spec = importlib.util.find_spec(full)
    except ModuleNotFoundError:
        spec = None
    if spec is None:
        pytest.skip(f"{full} is not installed", allow_module_level=True)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.multiple(sklearn.linear_model, **OURS):
        spec.loader.exec_module(module)
    return module


_MODULE = vars(_load())
TestOMP = type(
    "TestOMP",
    (),
    {k: staticmethod(v) for k, v in _MODULE.items() if k.startswith("test_")},
)


@pytest.fixture(autouse=True)
def _expect_differences(request):
    test = request.node
    reason = DIFFERENCES.get(test.originalname)
    if reason is not None:
        test.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def test_the_suite_runs_on_our_names():
    assert len(OURS) == 4
    assert all(_MODULE[name] is ours for name, ours in OURS.items())
