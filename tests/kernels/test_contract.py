"""Every backend has the kernels of the contract and refuses the same input."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
from kernels import bayes_cases

from sparsesci._kernels import _contract, available_backends, get_backend

N, P, T = 6, 4, 2


def test_every_kernel_is_there(kernels, backend):
    assert backend == kernels.NAME
    missing = [name for name in _contract.KERNELS if not hasattr(kernels, name)]
    assert not missing
    assert set(_contract.KERNELS) <= set(kernels.__all__)


def test_backends_know_the_same_penalties():
    known = [get_backend(name).penalty_signatures() for name in available_backends()]
    assert all(signatures == known[0] for signatures in known)


@pytest.mark.skipif("numba" not in available_backends(), reason="needs numba")
def test_numba_has_the_signatures_of_the_contract():
    for name in _contract.KERNELS:
        ours = inspect.signature(getattr(get_backend("numba"), name))
        theirs = inspect.signature(getattr(_contract.Backend, name))
        assert list(ours.parameters) == list(theirs.parameters)[1:], name


# ---- valid calls, by keyword, which bad input is put into ----------------------------
def handles(kernels):
    X = np.asfortranarray(np.arange(N * P, dtype=float).reshape(N, P) % 5)
    return {
        "X": kernels.dense_matrix(X, np.zeros(P), None),
        "penalty": kernels.penalty("weighted_l1", (1.0, 0.0), (np.ones(P),)),
    }


def valid_call(kernels, name):
    """Arguments that the kernel accepts."""
    rows, state = np.zeros((P, T)), {"residual": np.ones((T, N)), "offset": np.zeros(T)}
    X, penalty = handles(kernels).values()
    gram = kernels.gram_matrix(np.eye(P), P, N)
    size = max(kernels.burst_work_size(matrix, 3, T) for matrix in (X, gram))
    work = {"work": np.zeros(size), "index_work": np.zeros(3, dtype=np.int64)}
    limits = {"max_updates": 1, "tol": 0.0, "accelerate": True}
    means = {"means": np.zeros(P)}
    arrays = {"weights": np.ones(N), **means}
    csc = {
        "data": np.ones(3),
        "indices": np.array([0, 5, 1], dtype=np.int32),
        "indptr": np.array([0, 1, 1, 2, 3], dtype=np.int32),
    }
    return {
        "dense_matrix": {"X": np.ones((N, P), order="F"), **arrays},
        "csc_matrix": {**csc, "n_rows": N, **arrays},
        "gram_matrix": {"gram": np.eye(P), "n_cols": P - 1, "n_samples": N},
        "recentred": {"X": X, **means},
        "penalty": {"name": "l1", "scalars": (1.0, 0.0), "arrays": ()},
        "penalty_signatures": {},
        "column_stats": {
            "X": X,
            "center": True,
            "targets": np.zeros((2, N)),
            **means,
            "lipschitz": np.zeros(P),
            "correlations": np.zeros((P, 2)),
        },
        "correlation": {"X": X, **state, "columns": np.array([0, 3]), "out": rows},
        "subtract_product": {
            "X": X,
            "columns": np.array([3, 0, 1, 2]),
            "w": rows,
            **state,
        },
        "copy_columns": {
            "X": X,
            "columns": np.array([3, 0]),
            "start": 1,
            "out": np.zeros((2, N - 1)),
        },
        "dense_gram": {
            "X": X,
            "columns": np.array([3, 0]),
            "known": 1,
            "start": 1,
            "stop": N,
            "single": False,
            "gram": np.zeros((3, 3)),
        },
        "sparse_gram": {
            "X": kernels.csc_matrix(*csc.values(), N, None, None),
            "columns": np.array([3, 0]),
            "known": 1,
            "gram": np.zeros((3, 3)),
        },
        "burst_work_size": {"X": X, "ws_size": 1, "n_tasks": 1},
        "cd_burst": {
            "X": X,
            "penalty": penalty,
            "lipschitz": np.ones(P),
            "ws": np.array([2, 0, 1]),
            "w": rows,
            **state,
            **limits,
            **work,
        },
        "cd_path": {
            "X": gram,
            "penalties": [penalty, penalty],
            "slopes": np.ones(2),
            "tols": np.ones(2),
            "lipschitz": np.ones(P),
            "ws": np.array([2, 0, 1]),
            "w": rows,
            "before": rows + 1,
            **{"residual": np.ones((T, P)), "offset": np.zeros(T)},
            "max_updates": 100,
            "out": np.zeros((2, P, T)),
            "n_updates": np.zeros(2, dtype=np.int64),
            **work,
        },
        "prox": {
            "penalty": penalty,
            "x": np.ones((3, P)),
            "steps": np.ones(3),
            "out": np.zeros((3, P)),
        },
        "prox_rows": {"penalty": penalty, "rows": rows, "step": 1.0, "out": rows + 1},
        "value": {"penalty": penalty, "rows": rows},
        "subdiff": {
            "penalty": penalty,
            "rows": rows,
            "grad": rows + 1,
            "out": np.zeros(P),
        },
        "dual_point": {"penalty": penalty, "u": rows, "quadratic": 1.0, "linear": 1.0},
        "certify": {
            "penalty": penalty,
            "w": rows,
            "u": rows + 1,
            "quadratic": 1.0,
            "linear": 1.0,
            "violations": np.zeros(P),
        },
        "screen": {
            "penalty": penalty,
            "u": rows,
            "lipschitz": np.ones(P),
            "scale": 1.0,
            "gap": 0.1,
            "keep": np.zeros(P, dtype=bool),
        },
        **pursuit_calls(kernels, X),
        **bayes_cases.bayes_calls(X),
    }[name]


def pursuit_calls(kernels, X):
    codes = {"support": np.zeros((3, 2), int), "coef": np.zeros((3, 2))}
    return {
        "omp_work_size": {"n_atoms": P, "n_nonzero": 2},
        "omp_gram": {
            "gram": np.eye(P),
            "correlations": np.arange(3.0 * P).reshape(3, P),
            "squares": np.full(3, 1e3),
            **{"ols": True, "n_nonzero": 2, "tol": -np.inf},
            **{"dependent": 1e-12, "negligible": 1e-28, **codes},
            **{"count": np.zeros(3, int), "error": np.zeros(3)},
            "work": np.zeros(kernels.omp_work_size(P, 2)),
        },
        "top_k": {
            "scores": np.arange(3.0 * P).reshape(3, P),
            "k": 2,
            "out": np.zeros((3, 2), int),
        },
        "lad_line_search": {
            "X": X,
            "residual": np.arange(float(N)),
            "shift": np.ones(P),
            "slope": np.ones(P),
            "steps": np.zeros(P),
            "gains": np.zeros(P),
            "work": np.zeros(2 * (N + 1)),
        },
    }


INPUTS = {
    "correlation": ("residual", "offset", "columns"),
    "subtract_product": ("columns", "w"),
    "copy_columns": ("columns",),
    "dense_gram": ("columns",),
    "sparse_gram": ("columns",),
    "cd_burst": ("lipschitz", "ws"),
    "cd_path": ("slopes", "tols", "lipschitz", "ws"),
    "prox": ("x", "steps"),
    "prox_rows": ("rows",),
    "value": ("rows",),
    "subdiff": ("rows", "grad"),
    "dual_point": ("u",),
    "certify": ("w", "u"),
    "screen": ("u", "lipschitz"),
    "omp_gram": ("gram", "correlations", "squares"),
    "top_k": ("scores",),
    "lad_line_search": ("residual", "shift", "slope"),
    **bayes_cases.INPUTS,
}
OUTPUTS = {
    "column_stats": ("means", "lipschitz", "correlations"),
    "correlation": ("out",),
    "subtract_product": ("residual", "offset"),
    "copy_columns": ("out",),
    "dense_gram": ("gram",),
    "sparse_gram": ("gram",),
    "cd_burst": ("w", "residual", "offset", "work", "index_work"),
    "cd_path": ("w", "before", "residual", "out", "n_updates", "work", "index_work"),
    "prox": ("out",),
    "prox_rows": ("out",),
    "subdiff": ("out",),
    "certify": ("violations",),
    "screen": ("keep",),
    "omp_gram": ("support", "coef", "count", "error", "work"),
    "top_k": ("out",),
    "lad_line_search": ("steps", "gains", "work"),
    **bayes_cases.OUTPUTS,
}
HANDLES = ("dense_matrix", "csc_matrix", "gram_matrix", "recentred")


@pytest.mark.parametrize("name", _contract.KERNELS)
def test_arguments_have_the_names_of_the_contract(kernels, name):
    getattr(kernels, name)(**valid_call(kernels, name))


def array_arguments(kernels, name):
    call = valid_call(kernels, name)
    return call, [key for key in call if isinstance(call[key], np.ndarray)]


@pytest.mark.parametrize("name", [*HANDLES, *INPUTS, "column_stats"])
def test_other_dtypes_and_orders_are_type_errors(kernels, name):
    call, names = array_arguments(kernels, name)
    for key in names:
        a = call[key]
        strided = np.repeat(a, 2, axis=-1)[..., ::2]
        bad = [a.astype(np.int16), a.astype(">" + a.dtype.str[1:]), a.tolist()]
        if a.size > 1:
            bad.append(strided)
        if a.ndim == 2:
            bad.append(np.array(a, order="C" if key == "X" else "F"))
        for value in [*bad, "text"]:
            if a.dtype == bool and value is bad[1]:
                continue  # one byte has no order
            with pytest.raises(TypeError):
                getattr(kernels, name)(**{**call, key: value})


@pytest.mark.parametrize("name", [*INPUTS, "column_stats"])
def test_other_objects_are_no_handles(kernels, name):
    call = valid_call(kernels, name)
    for key, other in (("X", "penalty"), ("penalty", "X")):
        if key not in call:
            continue
        for value in (None, np.ones((N, P)), handles(kernels)[other]):
            with pytest.raises(TypeError):
                getattr(kernels, name)(**{**call, key: value})


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_may_be_read_only(kernels, name):
    call, frozen = valid_call(kernels, name), valid_call(kernels, name)
    for key in INPUTS[name]:
        frozen[key].flags.writeable = False
    for key in {"X", "penalty"} & set(call):
        frozen[key] = call[key]
    assert getattr(kernels, name)(**frozen) == getattr(kernels, name)(**call)
    for key in OUTPUTS.get(name, ()):
        if "work" not in key:
            np.testing.assert_array_equal(frozen[key], call[key])


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_must_be_writable(kernels, name):
    for key in OUTPUTS[name]:
        call = valid_call(kernels, name)
        call[key].flags.writeable = False
        with pytest.raises(ValueError, match="array is not writeable"):
            getattr(kernels, name)(**call)


def test_handles_may_be_read_only(kernels):
    X, means, weights = np.asfortranarray(np.eye(N)[:, :P]), np.zeros(P), np.ones(N)
    gram = np.eye(P)
    for array in (X, means, weights, gram):
        array.flags.writeable = False
    state, out = (np.ones((1, N)), np.zeros(1)), np.empty(P)
    matrix = kernels.dense_matrix(X, means, weights)
    kernels.correlation(matrix, *state, None, out)
    np.testing.assert_allclose(out, 1 / N)
    state = np.ones((1, P)), np.zeros(1)
    kernels.correlation(kernels.gram_matrix(gram, len(gram), N), *state, None, out)
    np.testing.assert_allclose(out, 1 / N)
    penalty = kernels.penalty("weighted_l1", (1.0, 0.0), (means,))
    assert kernels.value(penalty, np.ones(P)) == 0.0


def test_a_penalty_copies_its_arrays(kernels):
    weights = np.ones(P)
    penalty = kernels.penalty("weighted_l1", (1.0, 0.0), (weights,))
    weights[:] = 5.0
    assert kernels.value(penalty, np.ones(P)) == P


BAD_SIZES = [
    ("dense_matrix", {"X": np.ones(3)}, "X must have 2 dimensions"),
    ("dense_matrix", {"means": np.ones(3)}, "means must have 4 entries, got 3"),
    ("dense_matrix", {"weights": np.ones(3)}, "weights must have 6 entries, got 3"),
    (
        "csc_matrix",
        {"indptr": np.empty(0, np.int32)},
        "indptr must have at least one entry",
    ),
    (
        "csc_matrix",
        {"indices": np.zeros(2, np.int32)},
        "indices must have 3 entries, got 2",
    ),
    (
        "csc_matrix",
        {"indptr": np.array([0, 1, 1, 2, 4], np.int32)},
        "indptr points outside data",
    ),
    (
        "csc_matrix",
        {"indptr": np.array([-1, 1, 1, 2, 3], np.int32)},
        "indptr points outside data",
    ),
    (
        "csc_matrix",
        {"indptr": np.array([0, 2, 1, 2, 3], np.int32)},
        "indptr must not decrease",
    ),
    (
        "csc_matrix",
        {"indices": np.array([0, 6, 1], np.int32)},
        "indices holds a row outside the matrix",
    ),
    (
        "csc_matrix",
        {"indices": np.array([0, -1, 1], np.int32)},
        "indices holds a row outside the matrix",
    ),
    ("csc_matrix", {"means": np.ones(3)}, "means must have 4 entries, got 3"),
    ("csc_matrix", {"weights": np.ones(3)}, "weights must have 6 entries, got 3"),
    ("gram_matrix", {"gram": np.ones((3, 4))}, "gram must be square"),
    ("gram_matrix", {"gram": np.ones(4)}, "gram must be square"),
    ("gram_matrix", {"n_cols": P + 1}, "n_cols must fit into gram"),
    ("gram_matrix", {"n_cols": -1}, "n_cols must fit into gram"),
    ("recentred", {"means": np.ones(3)}, "means must have 4 entries, got 3"),
    ("penalty", {"name": "l7"}, "unknown penalty 'l7'"),
    (
        "penalty",
        {"scalars": (1.0,)},
        "penalty 'l1' got the wrong number of parameters",
    ),
    (
        "penalty",
        {"arrays": (np.ones(3),)},
        "penalty 'l1' got the wrong number of parameters",
    ),
    ("column_stats", {"means": np.ones(3)}, "means must have 4 entries, got 3"),
    ("column_stats", {"lipschitz": np.ones(5)}, "lipschitz must have 4 entries, got 5"),
    (
        "column_stats",
        {"targets": np.ones((2, 3))},
        "targets must have one row of n_samples entries for each target",
    ),
    (
        "column_stats",
        {"targets": np.ones(N)},
        "targets must have one row of n_samples entries for each target",
    ),
    (
        "column_stats",
        {"correlations": np.ones((P, 3))},
        "correlations must have 8 entries, got 12",
    ),
    ("correlation", {"out": np.ones(())}, "out must have 1 or 2 dimensions"),
    (
        "correlation",
        {"out": np.ones((3, T))},
        "out must have one row for each column of X",
    ),
    (
        "correlation",
        {"columns": np.array([0, 4])},
        "columns holds an index outside the matrix",
    ),
    (
        "correlation",
        {"columns": np.array([-1])},
        "columns holds an index outside the matrix",
    ),
    ("correlation", {"residual": np.ones(N)}, "residual must have 12 entries, got 6"),
    ("correlation", {"offset": np.ones(1)}, "offset must have 2 entries, got 1"),
    ("subtract_product", {"w": np.ones((1, 1, 1))}, "w must have 1 or 2 dimensions"),
    (
        "subtract_product",
        {"w": np.ones((3, T))},
        "w must have one row for each column",
    ),
    (
        "subtract_product",
        {"columns": np.array([0, 4])},
        "columns holds an index outside the matrix",
    ),
    (
        "copy_columns",
        {"columns": np.array([0, 4])},
        "columns holds an index outside the matrix",
    ),
    (
        "copy_columns",
        {"out": np.ones((3, N - 1))},
        "out must have one row for each column",
    ),
    (
        "copy_columns",
        {"start": 2},
        "start must leave as many rows as out has columns",
    ),
    (
        "copy_columns",
        {"start": -1},
        "start must leave as many rows as out has columns",
    ),
    (
        "dense_gram",
        {"columns": np.array([0, 4])},
        "columns holds an index outside the matrix",
    ),
    (
        "dense_gram",
        {"gram": np.ones((1, 1))},
        "gram must be square and hold all columns",
    ),
    ("dense_gram", {"known": 3}, "known must be a number of columns"),
    ("dense_gram", {"start": -1}, "start and stop must be rows of X"),
    ("dense_gram", {"stop": N + 1}, "start and stop must be rows of X"),
    ("dense_gram", {"start": 3, "stop": 2}, "start and stop must be rows of X"),
    (
        "sparse_gram",
        {"columns": np.array([0, 4])},
        "columns holds an index outside the matrix",
    ),
    (
        "sparse_gram",
        {"gram": np.ones((1, 1))},
        "gram must be square and hold all columns",
    ),
    ("sparse_gram", {"known": 3}, "known must be a number of columns"),
    ("sparse_gram", {"known": -1}, "known must be a number of columns"),
    (
        "subtract_product",
        {"residual": np.ones(N)},
        "residual must have 12 entries, got 6",
    ),
    ("cd_burst", {"w": np.ones((3, T))}, "w must have one row for each column of X"),
    ("cd_burst", {"lipschitz": np.ones(3)}, "lipschitz must have 4 entries, got 3"),
    (
        "cd_burst",
        {"ws": np.array([4])},
        "columns holds an index outside the matrix",
    ),
    ("cd_burst", {"residual": np.ones(5)}, "residual must have 12 entries, got 5"),
    ("cd_burst", {"offset": np.ones(5)}, "offset must have 2 entries, got 5"),
    ("cd_burst", {"work": np.ones(5)}, "work arrays are too small"),
    ("cd_burst", {"index_work": np.ones(2, int)}, "work arrays are too small"),
    ("cd_path", {"w": np.ones((3, T))}, "w must have one row for each column of X"),
    ("cd_path", {"slopes": np.ones(3)}, "slopes must have 2 entries, got 3"),
    ("cd_path", {"tols": np.ones(1)}, "tols must have 2 entries, got 1"),
    ("cd_path", {"lipschitz": np.ones(3)}, "lipschitz must have 4 entries, got 3"),
    ("cd_path", {"ws": np.array([4])}, "columns holds an index outside the matrix"),
    ("cd_path", {"before": np.ones(4)}, "before must have 8 entries, got 4"),
    ("cd_path", {"residual": np.ones(5)}, "residual must have 8 entries, got 5"),
    ("cd_path", {"offset": np.ones(5)}, "offset must have 2 entries, got 5"),
    ("cd_path", {"out": np.ones((2, P))}, "out must have 16 entries, got 8"),
    ("cd_path", {"n_updates": np.ones(1, int)}, "n_updates must have 2 entries, got 1"),
    ("cd_path", {"work": np.ones(5)}, "work arrays are too small"),
    ("cd_path", {"index_work": np.ones(2, int)}, "work arrays are too small"),
    ("prox", {"x": np.ones(P)}, "x must have 2 dimensions"),
    ("prox", {"x": np.ones((3, 5))}, "the penalty has 4 weights for 5 coordinates"),
    ("prox", {"steps": np.ones(2)}, "steps must have 3 entries, got 2"),
    ("prox", {"out": np.ones(2)}, "out must have 12 entries, got 2"),
    ("prox_rows", {"rows": np.ones(())}, "rows must have 1 or 2 dimensions"),
    ("prox_rows", {"rows": np.ones(3)}, "the penalty has 4 weights for 3 coordinates"),
    ("prox_rows", {"out": np.ones(3)}, "out must have 8 entries, got 3"),
    ("value", {"rows": np.ones(3)}, "the penalty has 4 weights for 3 coordinates"),
    ("subdiff", {"rows": np.ones(3)}, "the penalty has 4 weights for 3 coordinates"),
    ("subdiff", {"grad": np.ones(4)}, "grad must have 8 entries, got 4"),
    ("subdiff", {"out": np.ones(8)}, "out must have 4 entries, got 8"),
    ("dual_point", {"u": np.ones(3)}, "the penalty has 4 weights for 3 coordinates"),
    ("dual_point", {"u": np.ones(())}, "u must have 1 or 2 dimensions"),
    ("certify", {"w": np.ones(3)}, "the penalty has 4 weights for 3 coordinates"),
    ("certify", {"u": np.ones(4)}, "u must have 8 entries, got 4"),
    ("certify", {"violations": np.ones(8)}, "violations must have 4 entries, got 8"),
    ("screen", {"u": np.ones(3)}, "the penalty has 4 weights for 3 coordinates"),
    ("screen", {"lipschitz": np.ones(3)}, "lipschitz must have 4 entries, got 3"),
    ("screen", {"keep": np.zeros(3, bool)}, "keep must have 4 entries, got 3"),
    ("omp_gram", {"gram": np.ones((3, 4))}, "gram must be square"),
    (
        "omp_gram",
        {"n_nonzero": 5},
        "n_nonzero must be at most the number of atoms, 4",
    ),
    (
        "omp_gram",
        {"correlations": np.ones((3, 5))},
        "correlations must have 12 entries, got 15",
    ),
    (
        "omp_gram",
        {"squares": np.ones(2)},
        "correlations must have 8 entries, got 12",
    ),
    ("omp_gram", {"support": np.ones(3, int)}, "support must have 6 entries, got 3"),
    ("omp_gram", {"coef": np.ones(3)}, "coef must have 6 entries, got 3"),
    ("omp_gram", {"count": np.ones(2, int)}, "count must have 3 entries, got 2"),
    ("omp_gram", {"error": np.ones(2)}, "error must have 3 entries, got 2"),
    ("omp_gram", {"work": np.ones(5)}, "work arrays are too small"),
    ("top_k", {"scores": np.ones(3)}, "scores must have 2 dimensions"),
    ("top_k", {"k": 5}, "k must be at most the number of columns, 4"),
    ("top_k", {"out": np.ones(5, int)}, "out must have 6 entries, got 5"),
    (
        "lad_line_search",
        {"residual": np.ones(5)},
        "residual must have 6 entries, got 5",
    ),
    ("lad_line_search", {"shift": np.ones(5)}, "shift must have 4 entries, got 5"),
    ("lad_line_search", {"slope": np.ones(5)}, "slope must have 4 entries, got 5"),
    ("lad_line_search", {"steps": np.ones(5)}, "steps must have 4 entries, got 5"),
    ("lad_line_search", {"gains": np.ones(5)}, "gains must have 4 entries, got 5"),
    ("lad_line_search", {"work": np.ones(13)}, "work arrays are too small"),
    *bayes_cases.BAD_SIZES,
]


@pytest.mark.parametrize(("name", "bad", "text"), BAD_SIZES)
def test_wrong_sizes_are_value_errors_in_the_same_words(kernels, name, bad, text):
    call = {**valid_call(kernels, name), **bad}
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        getattr(kernels, name)(**call)


@pytest.mark.parametrize(
    ("scalars", "arrays"),
    [
        ((None, 0.0), (np.ones(P),)),
        ((1.0, 0.0), ([1.0] * P,)),
        ((1.0, 0.0), (np.ones(P, dtype=np.float32),)),
        ((1.0, 0.0), (np.ones(2 * P)[::2],)),
        ((1.0, 0.0), (None,)),
    ],
)
def test_parameters_of_penalties_are_not_converted(kernels, scalars, arrays):
    with pytest.raises(TypeError):
        kernels.penalty("weighted_l1", scalars, arrays)


def test_a_gram_matrix_has_no_statistics(kernels):
    gram = kernels.gram_matrix(np.eye(P), P, N)
    with pytest.raises(ValueError, match=r"^a Gram matrix has no column statistics$"):
        kernels.column_stats(
            gram, True, np.empty((0, P)), np.empty(P), np.empty(P), np.empty((P, 0))
        )


def test_a_gram_matrix_has_no_means(kernels):
    gram = kernels.gram_matrix(np.eye(P), P, N)
    with pytest.raises(ValueError, match=r"^a Gram matrix has no means$"):
        kernels.recentred(gram, np.zeros(P))


def test_a_path_needs_a_gram_matrix(kernels):
    call = {**valid_call(kernels, "cd_path"), "X": handles(kernels)["X"]}
    with pytest.raises(ValueError, match=r"^a path needs a Gram matrix$"):
        kernels.cd_path(**call)


@pytest.mark.parametrize("penalties", [None, 1.0, [None, None], ["l1", "l1"]])
def test_the_penalties_of_a_path_are_handles(kernels, penalties):
    with pytest.raises(TypeError):
        kernels.cd_path(**{**valid_call(kernels, "cd_path"), "penalties": penalties})


def test_copies_are_of_dense_columns(kernels):
    X = kernels.gram_matrix(np.eye(3), 3, 3)
    with pytest.raises(ValueError, match=r"^only for dense columns$"):
        kernels.copy_columns(X, np.arange(2), 0, np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"^only for dense columns$"):
        kernels.dense_gram(X, np.arange(2), 0, 0, 3, False, np.zeros((2, 2)))


def test_sparse_gram_is_for_compressed_columns(kernels):
    X = kernels.dense_matrix(np.ones((3, 2), order="F"), None, None)
    with pytest.raises(ValueError, match=r"^only for compressed columns$"):
        kernels.sparse_gram(X, np.arange(2), 0, np.zeros((2, 2)))


def test_nan_certifies_nothing(kernels):
    penalty = kernels.penalty("l1", (1.0, 0.0), ())
    gaps, keep = np.zeros(2), np.zeros(2, dtype=bool)
    gradient = np.array([np.nan, 0.5])
    kernels.subdiff(penalty, np.zeros(2), gradient, gaps)
    np.testing.assert_array_equal(gaps, [np.nan, 0.0])
    kernels.screen(penalty, gradient, np.ones(2), 1.0, 0.0, keep)
    np.testing.assert_array_equal(keep, [True, False])


@pytest.mark.parametrize("n", [0, 1])
def test_matrices_without_entries(kernels, n):
    """No rows, or no columns."""
    p = 1 - n
    X = kernels.dense_matrix(np.empty((n, p), order="F"), np.zeros(p), None)
    penalty, w = kernels.penalty("l1", (1.0, 0.0), ()), np.zeros(p)
    assert kernels.value(penalty, w) == 0.0
    work = np.empty(kernels.burst_work_size(X, p, 1))
    arrays = np.zeros(p), np.arange(p), w, np.ones((1, n)), np.zeros(1)
    done = kernels.cd_burst(X, penalty, *arrays, 5, 0.0, True, work, np.arange(p))
    assert done == (p, 0.0)
