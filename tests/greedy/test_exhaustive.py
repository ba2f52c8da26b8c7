"""Long runs: real signals, many random problems, all subsets."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import orthogonal_mp as reference

from sparsesci.greedy import orthogonal_mp, splicing_path

pytestmark = pytest.mark.slow


@pytest.mark.filterwarnings("ignore:Orthogonal matching pursuit ended prematurely")
def test_codes_of_patches_are_those_of_scikit_learn(backend):
    pytest.importorskip("PIL", reason="Pillow reads the photograph")
    from sklearn.datasets import load_sample_image
    from sklearn.feature_extraction.image import extract_patches_2d

    image = load_sample_image("china.jpg").mean(axis=2) / 255
    patches = extract_patches_2d(image, (8, 8), max_patches=12_000, random_state=0)
    patches = patches.reshape(len(patches), 64)
    patches -= patches.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(patches, axis=1)
    signals = patches[norms > 0.1]
    atoms = signals[:256] / np.linalg.norm(signals[:256], axis=1, keepdims=True)
    D, Y = np.asfortranarray(atoms.T), np.asfortranarray(signals[256:].T)
    for k in (1, 3, 10):
        found = orthogonal_mp(D, Y, n_nonzero_coefs=k)
        expected = reference(D, Y, n_nonzero_coefs=k)
        same = (found != 0) == (expected != 0)
        assert same.all(axis=0).mean() > 0.999  # but for ties that rounding decides
        agree = same.all(axis=0)
        assert_allclose(found[:, agree], expected[:, agree], rtol=1e-6, atol=1e-9)
        errors = [((Y - D @ codes) ** 2).sum() for codes in (found, expected)]
        assert errors[0] == pytest.approx(errors[1], rel=1e-6)


@pytest.mark.parametrize("rule", ["omp", "ols"])
def test_every_choice_has_the_best_score_whatever_the_atoms(rule, backend):
    """Square, wide and tall dictionaries; copies, zeros, low rank; all in one batch."""
    for seed in range(500):
        rng = np.random.default_rng(seed)
        n, p = rng.integers(3, 30, size=2)
        X = rng.standard_normal((n, p)) * 10.0 ** rng.uniform(-2, 2, p)
        if seed % 3 == 1:
            X = X[:, rng.integers(p, size=p)]
            X[:, 0] = 0.0
        elif seed % 3 == 2:
            inner = rng.integers(1, min(n, p) + 1)
            X = rng.standard_normal((n, inner)) @ rng.standard_normal((inner, p))
        Y = rng.standard_normal((n, 20))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sparsesci.greedy._omp.warn_if_short", lambda *args: None)
            path = orthogonal_mp(
                X,
                Y,
                n_nonzero_coefs=int(min(n, p)),
                rule=rule,
                precompute=bool(seed % 2),
                return_path=True,
            )
        for i, y in enumerate(Y.T):
            _assert_greedy(X, y, path[:, i], rule)


def _assert_greedy(X, y, path, rule):
    """Each atom that enters has the best score of those off the span of the others."""
    chosen: list[int] = []
    for coef in path.T:
        new = sorted(set(np.flatnonzero(coef)) - set(chosen))
        if not new:  # the path of this signal has ended
            break
        Q = np.linalg.qr(X[:, chosen])[0] if chosen else np.zeros((len(y), 0))
        off, residual = X - Q @ (Q.T @ X), y - Q @ (Q.T @ y)
        if np.linalg.norm(residual) < 1e-6 * np.linalg.norm(y):
            break  # all that is left is rounding
        heights = np.linalg.norm(off, axis=0)
        apart = heights > 1e-5 * np.linalg.norm(X, axis=0).clip(1e-300)
        scores = np.where(apart, np.abs(X.T @ residual), 0.0)
        if rule == "ols":
            scores = np.where(apart, scores / np.where(apart, heights, 1.0), 0.0)
        assert len(new) == 1
        assert scores[new[0]] >= (1 - 1e-6) * scores.max()
        chosen += new


def test_splicing_seldom_misses_the_best_of_all_subsets():
    """Correlated columns, weak signals: the least error of each size is known."""
    missed = total = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        n, p, k = 40, 12, 5
        X = rng.standard_normal((n, p)) + 2 * rng.standard_normal((n, 1))
        y = X[:, :k] @ rng.standard_normal(k) + rng.standard_normal(n)
        path = splicing_path(X, y, max_nonzero_coefs=k)
        for size in range(1, k + 1):
            least = min(
                np.linalg.lstsq(X[:, subset], y, rcond=None)[1][0]
                for subset in map(list, combinations(range(p), size))
            )
            error = 2 * n * path.objectives[size]
            assert error >= (1 - 1e-9) * least
            missed += error > (1 + 1e-9) * least
            total += 1
    assert missed <= 0.02 * total, missed / total
