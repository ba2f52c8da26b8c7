"""Orthogonal matching pursuit and orthogonal least squares on plain arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from sklearn.utils import check_array

from sparsesci.greedy._batch import Codes, code_signals
from sparsesci.greedy._codes import check_precompute, code_columns, warn_if_short
from sparsesci.greedy._inputs import (
    check_atoms,
    check_n_nonzero,
    check_scale,
    check_signals,
    check_tol,
)
from sparsesci.operators.dictionary import ArrayDictionary, as_dictionary, square_norms
from sparsesci.utils.validation import check_choice, check_flag

Array = NDArray[Any]
# Upper triangle of a signal's atoms, and products with the basis that belongs to it.
Factor = Callable[[int, Array], tuple[Array, Array]]

RULES = ("omp", "ols")


# ---- paths ---------------------------------------------------------------------------
def _path(codes: Codes, n_atoms: int, factor: Factor) -> Array:
    """Coefficients after each step, shape (n_atoms, n_signals, n_steps)."""
    n_signals, n_steps = len(codes.count), int(codes.count.max(initial=0))
    path = np.zeros((n_atoms, n_signals, n_steps), dtype=codes.coef.dtype)
    for i in np.flatnonzero(codes.count).tolist():
        support = codes.support[i, : codes.count[i]]
        R, moments = factor(i, support)
        for t in range(1, len(support) + 1):
            coef = solve_triangular(R[:t, :t], moments[:t])
            path[support[:t], i, t - 1 :] = coef[:, None]
    return path


@dataclass
class _Output:
    """What is asked for, in scikit-learn's layouts."""

    return_path: bool
    return_n_iter: bool
    sparse_output: bool

    def __post_init__(self) -> None:
        for name, flag in vars(self).items():
            check_flag(name, flag)
        if self.return_path and self.sparse_output:
            raise ValueError(
                "sparse_output must be False with return_path=True, got True."
            )

    def of(self, codes: Codes, n_atoms: int, factor: Factor) -> Any:
        """Return coefficients, and the numbers of atoms on demand."""
        if self.return_path:
            coef = _path(codes, n_atoms, factor)
        elif self.sparse_output:
            coef = codes.to_csc(n_atoms)
        else:
            coef = codes.to_dense(n_atoms)
        n_iter = codes.count.tolist()
        if len(n_iter) == 1:
            n_iter = n_iter[0]
            coef = coef if self.sparse_output else coef[:, 0]
        return (coef, n_iter) if self.return_n_iter else coef


# ---- public --------------------------------------------------------------------------
def orthogonal_mp(
    X: Any,
    y: Any,
    *,
    n_nonzero_coefs: int | None = None,
    tol: float | None = None,
    precompute: bool | str = "auto",
    copy_X: bool = True,
    return_path: bool = False,
    return_n_iter: bool = False,
    rule: str = "omp",
    n_jobs: int | None = None,
    sparse_output: bool = False,
) -> Any:
    """Sparse codes by orthogonal matching pursuit or orthogonal least squares.

    Looks, for each signal, for a small error with few atoms::

        min_w ||y - X w||^2   subject to ||w||_0 <= n_nonzero_coefs

    or for as few atoms as reach ``||y - X w||^2 <= tol``. Starting from none, atoms are
    chosen one at a time, and all coefficients are fitted anew after each. With r the
    residual and S the chosen atoms, the next one is

    - ``rule="omp"``: the largest ``|x_j' r|``;
    - ``rule="ols"``: the largest ``|x_j' r| / ||x_j off span(S)||``, the atom with
      which the error falls most.

    Parameters
    ----------
    X : array-like, sparse matrix or LinearOperator of shape (n_samples, n_features)
        Dictionary; its columns are the atoms, as they are: the rule "omp" prefers
        long ones. Real or complex.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Signals.
    n_nonzero_coefs : int, default=None
        Number of atoms; a tenth of them by default. Not used if `tol` is given.
    tol : float, default=None
        Squared norm of the residual at which to stop.
    precompute : {"auto"} or bool, default="auto"
        Whether to work on the Gram matrix ``X' X``. "auto" does for many signals.
        For dense, real data; other data are never turned into it.
    copy_X : bool, default=True
        Accepted for compatibility: X is never written to.
    return_path : bool, default=False
        Return the coefficients after each step.
    return_n_iter : bool, default=False
        Return the number of atoms of each signal as well.
    rule : {"omp", "ols"}, default="omp"
        How the next atom is chosen.
    n_jobs : int, default=None
        Threads over signals; the results are the same bits for any number.
    sparse_output : bool, default=False
        Return the coefficients as a CSC array. Its transpose, with one code for each
        row, is a CSR array without a copy.

    Returns
    -------
    coef : ndarray or csc_array of shape (n_features,) or (n_features, n_targets)
        Coefficients. With ``return_path=True``, of shape (n_features, n_path) or
        (n_features, n_targets, n_path).
    n_iters : int or list of int
        Number of atoms, if `return_n_iter`.

    Raises
    ------
    ValueError
        If data or parameters are invalid: NaN, infinity, shapes, ranges.

    Warns
    -----
    RuntimeWarning
        If atoms ran out: those left depend on the chosen ones.

    See Also
    --------
    orthogonal_mp_gram : The same from inner products.
    sparsesci.greedy.OrthogonalMatchingPursuit : The estimator.

    Notes
    -----
    With a Gram matrix, N signals cost O(N (n p + k^2 p)) for k atoms each: one matrix
    product and a pivoted Cholesky factorisation. float32 data then stay float32. One
    signal without a Gram matrix costs O(k n p); where X fits no cache, several columns
    of the Gram matrix are computed in each pass over it.

    References
    ----------
    .. [1] Y. C. Pati, R. Rezaiifar, P. S. Krishnaprasad, "Orthogonal matching
       pursuit: recursive function approximation with applications to wavelet
       decomposition", Asilomar Conference, 1993.
    .. [2] S. Chen, S. A. Billings, W. Luo, "Orthogonal least squares methods and their
       application to non-linear system identification", Int. J. Control 50, 1989.
    .. [3] R. Rubinstein, M. Zibulevsky, M. Elad, "Efficient implementation of the
       K-SVD algorithm using batch orthogonal matching pursuit", Technion, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import orthogonal_mp
    >>> X = np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.8]])
    >>> orthogonal_mp(X, [2.0, 1.0], n_nonzero_coefs=1)
    array([2., 0., 0.])
    >>> codes = orthogonal_mp(X, [[2.0, 3.0], [1.0, 4.0]], tol=0.1, sparse_output=True)
    >>> codes.nnz
    3
    """
    check_choice("rule", rule, RULES)
    precompute = check_precompute(precompute)
    check_flag("copy_X", copy_X)
    output = _Output(return_path, return_n_iter, sparse_output)
    tol = check_tol(tol)
    X = check_atoms(X)
    n_samples, n_atoms = X.shape
    n_nonzero = check_n_nonzero(n_nonzero_coefs, n_atoms)
    if tol is not None:
        n_nonzero = min(n_samples, n_atoms)
    y = check_signals(y, n_samples, several=True)
    Y = y[:, None] if y.ndim == 1 else y
    single = isinstance(X, np.ndarray) and X.dtype == Y.dtype == np.float32
    dictionary = ArrayDictionary(X) if single else as_dictionary(X)
    codes, squares = code_columns(
        dictionary, Y, rule, n_nonzero, tol, precompute, n_jobs
    )
    warn_if_short(codes, squares, n_nonzero, tol)

    def factor(i: int, support: Array) -> tuple[Array, Array]:
        Q, R = np.linalg.qr(dictionary.columns(support))
        return R, Q.T.conj() @ Y[:, i]

    return output.of(codes, n_atoms, factor)


def orthogonal_mp_gram(
    Gram: Any,
    Xy: Any,
    *,
    n_nonzero_coefs: int | None = None,
    tol: float | None = None,
    norms_squared: Any = None,
    copy_Gram: bool = True,
    copy_Xy: bool = True,
    return_path: bool = False,
    return_n_iter: bool = False,
    rule: str = "omp",
    n_jobs: int | None = None,
    sparse_output: bool = False,
) -> Any:
    """Sparse codes by orthogonal matching pursuit, from inner products alone.

    As :func:`orthogonal_mp`, for ``Gram = X' X`` and ``Xy = X' y``.

    Parameters
    ----------
    Gram : array-like of shape (n_features, n_features)
        Gram matrix of the dictionary, real.
    Xy : array-like of shape (n_features,) or (n_features, n_targets)
        Inner products of the atoms with the signals.
    n_nonzero_coefs : int, default=None
        Number of atoms; a tenth of them by default. Not used if `tol` is given.
    tol : float, default=None
        Squared norm of the residual at which to stop. The squared errors are updated:
        below 1e-14 times the signal's square, rounding decides.
    norms_squared : float or array-like of shape (n_targets,), default=None
        Squared norms of the signals; needed with `tol`. Only with them can it be known,
        and warned of, that atoms ran out before a signal was represented.
    copy_Gram : bool, default=True
        Accepted for compatibility: Gram is never written to.
    copy_Xy : bool, default=True
        Accepted for compatibility: Xy is never written to.
    return_path : bool, default=False
        Return the coefficients after each step.
    return_n_iter : bool, default=False
        Return the number of atoms of each signal as well.
    rule : {"omp", "ols"}, default="omp"
        How the next atom is chosen.
    n_jobs : int, default=None
        Threads over signals.
    sparse_output : bool, default=False
        Return the coefficients as a CSC array.

    Returns
    -------
    coef : ndarray or csc_array of shape (n_features,) or (n_features, n_targets)
        Coefficients, in the dtype of Gram and Xy. With ``return_path=True``, of shape
        (n_features, n_path) or (n_features, n_targets, n_path).
    n_iters : int or list of int
        Number of atoms, if `return_n_iter`.

    Raises
    ------
    ValueError
        If data or parameters are invalid: NaN, infinity, shapes, ranges, a Gram matrix
        that is not symmetric.

    Warns
    -----
    RuntimeWarning
        If `norms_squared` is given and atoms ran out.

    See Also
    --------
    orthogonal_mp : The same from the dictionary and the signals.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsesci.greedy import orthogonal_mp_gram
    >>> X = np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.8]])
    >>> y = np.array([2.0, 1.0])
    >>> orthogonal_mp_gram(X.T @ X, X.T @ y, n_nonzero_coefs=1)
    array([2., 0., 0.])
    """
    check_choice("rule", rule, RULES)
    for name, flag in (("copy_Gram", copy_Gram), ("copy_Xy", copy_Xy)):
        check_flag(name, flag)
    output = _Output(return_path, return_n_iter, sparse_output)
    tol = check_tol(tol)
    gram, Y = _check_moments(Gram, Xy)
    n_atoms = len(gram)
    n_nonzero = check_n_nonzero(n_nonzero_coefs, n_atoms)
    squares = _check_squares(norms_squared, tol, Y.shape[1])
    if tol is not None:
        n_nonzero = n_atoms

    def correlate(part: slice, out: Array) -> None:
        out[...] = Y[:, part].T

    codes = code_signals(
        gram, correlate, squares, rule == "ols", n_nonzero, tol, n_jobs
    )
    if norms_squared is not None:
        warn_if_short(codes, squares, n_nonzero, tol)

    def factor(i: int, support: Array) -> tuple[Array, Array]:
        L = cholesky(gram[np.ix_(support, support)], lower=True)
        return L.T, solve_triangular(L, Y[support, i], lower=True)

    return output.of(codes, n_atoms, factor)


def _check_moments(Gram: Any, Xy: Any) -> tuple[Array, Array]:
    """Return both in one float type, Xy of shape (n_features, n_targets)."""
    floats = [np.float64, np.float32]
    gram = check_array(Gram, dtype=floats, order="C", input_name="Gram")
    if gram.shape[0] != gram.shape[1]:
        raise ValueError(f"Gram must be square, got shape {gram.shape}.")
    Y = check_array(Xy, dtype=floats, ensure_2d=False, input_name="Xy")
    if Y.ndim not in (1, 2) or len(Y) != len(gram):
        raise ValueError(
            f"Xy must have a row for each of the {len(gram)} atoms, got {Y.shape}."
        )
    diagonal = np.diagonal(gram)
    slack = 1e-5 * np.abs(diagonal).max()
    if diagonal.min() < 0 or not np.allclose(gram, gram.T, rtol=1e-4, atol=slack):
        raise ValueError(
            "Gram must be X' X for some X, got a matrix that is not symmetric or has "
            "negative numbers on its diagonal."
        )
    dtype = np.result_type(gram, Y)
    Y = Y[:, None] if Y.ndim == 1 else Y
    check_scale(Y, square_norms(Y.astype(np.float64, copy=False)), "Xy", dtype)
    return gram.astype(dtype, copy=False), Y.astype(dtype, copy=False)


def _check_squares(norms_squared: Any, tol: float | None, n_signals: int) -> Array:
    """Return the squares of the signals; ones where nobody needs them."""
    if norms_squared is None:
        if tol is not None:
            raise ValueError("norms_squared must be given with tol, got None.")
        return np.ones(n_signals)
    squares = check_array(
        np.atleast_1d(norms_squared),
        dtype=np.float64,
        ensure_2d=False,
        input_name="norms_squared",
    )
    if squares.shape != (n_signals,) or squares.min() < 0:
        raise ValueError(
            f"norms_squared must hold {n_signals} non-negative numbers, got "
            f"{norms_squared!r}."
        )
    return np.asarray(squares)
