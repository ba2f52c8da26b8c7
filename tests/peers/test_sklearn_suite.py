"""scikit-learn's own tests of coordinate descent, on our estimators and paths.

Its test files are loaded from the installed scikit-learn with our classes and functions
in the place of its own. Whatever does not pass is listed, with the reason, and must
still fail: a list that has become too long is noticed.
"""

from __future__ import annotations

from inspect import signature

import pytest
import sklearn.linear_model
from sklearn_suite import WARNINGS, as_class, load, twins

import sparsesci.linear_model

OURS = twins(sparsesci.linear_model)

# Tests of functions and files inside scikit-learn that we do not replace.
NOT_OURS = {
    "test_set_order_dense",
    "test_set_order_sparse",
    "test_cython_solver_equivalence",
}

_TOL = "tol <= 0 can never be met: it is an error, not a way of saying max_iter"
_RESUMED = (
    "the passes of an interrupted fit are not the first ones of a longer fit: working "
    "sets and acceleration make them faster, and forget them in between"
)
_WORDS = "another text, in the form that all our errors have"

# Name of a test, maybe with its parameters -> why it does not pass.
DIFFERENCES = {
    "test_lasso_alpha_warning": (
        "alpha=0 is solved exactly, as a least-squares problem: the warning does not "
        "say that this converges badly"
    ),
    "test_lassocv_alphas_validation": _WORDS,
    "test_lasso_dual_gap": (
        "the gap is 1e-10 of terms of order 1, and asked for to seven digits: both are "
        "right to rounding"
    ),
    "test_warm_start": _RESUMED,
    "test_warm_start_convergence": (
        "n_iter_ is at least 1, and tol is half of what it is in scikit-learn: the "
        "certificate of the first fit came from an earlier iterate, which is lost"
    ),
    "test_multi_task_lasso_and_enet": "asks for a gap above 0; ours may be exactly 0",
    "test_elasticnet_precompute_gram_weighted_samples": (
        "with a Gram matrix and without, other iterates lead to the same certified "
        "solution; equal for a tight tol"
    ),
    "test_path_unknown_parameter": "an unknown keyword is a TypeError, as in Python",
    "test_check_input_false": (
        "without checks the layout of X is still converted, where scikit-learn fails"
    ),
    "test_enet_copy_X_False_check_input_False": "X is never overwritten",
    "test_sparse_input_convergence_warning": _TOL,
    "test_lassoCV_does_not_set_precompute": "replaces a name inside scikit-learn",
    "test_path_function_deprecated_n_alphas": (
        "n_alphas and alphas=None stay: they cost nothing"
    ),
    "test_enet_nonfinite_params": (
        "found before any iteration, so the text differs: a column is too large"
    ),
}

# Which number of passes or which of several right solutions comes out depends on the
# backend: these pass on one of the two.
ON_ONE_BACKEND = {
    "test_elasticnet_precompute_gram_weighted_samples",
    "test_multi_task_lasso_and_enet",
    "test_warm_start",
}

pytestmark = WARNINGS


if "n_alphas" in signature(sklearn.linear_model.LassoCV).parameters:
    pytest.skip(
        "the tests of scikit-learn before 1.9 are about another interface: n_alphas",
        allow_module_level=True,
    )


def _suite(name):
    """The tests of that file as a class."""
    return as_class(name, load(name, OURS), without=NOT_OURS)


TestDense = _suite("test_coordinate_descent")
TestSparse = _suite("test_sparse_coordinate_descent")


@pytest.fixture
def global_random_seed():
    """One seed: what does not pass is listed by name."""
    return 42


@pytest.fixture(autouse=True)
def _expect_differences(request):
    test = request.node
    reason = DIFFERENCES.get(test.name) or DIFFERENCES.get(test.originalname)
    if reason is not None:
        strict = test.originalname not in ON_ONE_BACKEND
        test.add_marker(pytest.mark.xfail(reason=reason, strict=strict))


def test_the_suite_runs_on_our_classes():
    loaded = load("test_coordinate_descent", OURS)
    assert {name: loaded[name] for name in OURS if name in loaded} == {
        name: OURS[name] for name in OURS if name in loaded
    }
    assert len(OURS.keys() & loaded.keys()) >= 10
