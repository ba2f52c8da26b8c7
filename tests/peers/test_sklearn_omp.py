"""scikit-learn's own tests of orthogonal matching pursuit, on our names.

Its test file is loaded from the installed scikit-learn with our classes and functions
in the place of its own. What does not pass is listed, with the reason, and must still
fail.
"""

from __future__ import annotations

import pytest
from sklearn_suite import WARNINGS, as_class, load, twins

import sparsesci.greedy

OURS = twins(sparsesci.greedy)
_DEPENDENT = (
    "the test asks for a warning about dependent atoms where the signal is represented "
    "exactly: ours comes only if something is left"
)
DIFFERENCES = {
    "test_identical_regressors": _DEPENDENT,
    "test_unreachable_accuracy": _DEPENDENT,
}

pytestmark = WARNINGS

_MODULE = load("test_omp", OURS)
TestOMP = as_class("TestOMP", _MODULE)


@pytest.fixture(autouse=True)
def _expect_differences(request):
    test = request.node
    reason = DIFFERENCES.get(test.originalname)
    if reason is not None:
        test.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def test_the_suite_runs_on_our_names():
    assert len(OURS) == 4
    assert all(_MODULE[name] is ours for name, ours in OURS.items())
