"""Errors of sparse codes of image patches, by both rules.

The reference numbers belong to a dictionary that SPAMS has learnt from random patches,
of an unknown seed. It is learnt here again in the same way; the numbers to seven digits
are those of scikit-learn (plain rule) and SPAMS (order-recursive rule) on the same one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import orthogonal_mp

from benchmarks.greedy import all_patches, mean_error, peer
from benchmarks.reproduce.table import claim, show
from sparsesci import greedy

# Number of atoms -> mean squared errors of OMP and of OLS.
REFERENCE = {
    3: (0.42541004, 0.42157841),
    5: (0.30213187, 0.29737272),
    10: (0.14809707, 0.14387028),
}


def dictionary(spams: Any, quick: bool) -> tuple[np.ndarray, np.ndarray]:
    """10,000 patches, and 256 atoms learnt from 100,000 others, as columns.

    Without SPAMS, the atoms are patches themselves.
    """
    found = all_patches()
    order = np.random.default_rng(0).permutation(len(found))
    signals, others = found[order[:10_000]], found[order[20_000:120_000]]
    unit = np.linalg.norm(signals, axis=1).mean()
    Y = np.asfortranarray(signals.T / unit)
    if spams is None:
        D = others[:256].T
    else:
        options = {"K": 256, "lambda1": 0.1, "mode": 2, "numThreads": 1}
        training = np.asfortranarray(others.T / unit)
        iterations = 100 if quick else 1500
        D = spams.trainDL(training, iter=iterations, verbose=False, **options)
    return Y, np.asfortranarray(D / np.linalg.norm(D, axis=0))


def errors(trials: int, quick: bool) -> bool:
    """Mean squared errors with 3, 5 and 10 atoms."""
    spams = peer("spams")
    Y, D = dictionary(spams, quick)
    rows, far = [], []
    for k, references in REFERENCE.items():
        theirs = {"omp": orthogonal_mp(D, Y, n_nonzero_coefs=k), "ols": None}
        if spams is not None:
            theirs["ols"] = spams.omp(Y, D, L=k, eps=0.0, numThreads=1)
        for (rule, codes), reference in zip(theirs.items(), references):
            ours = mean_error(
                Y, D, greedy.orthogonal_mp(D, Y, n_nonzero_coefs=k, rule=rule)
            )
            peers = np.nan if codes is None else mean_error(Y, D, codes)
            far.append((abs(ours - peers), abs(ours / reference - 1)))
            texts = (f"{value:.8f}" for value in (ours, peers, reference))
            rows.append((rule, k, *texts))
    atoms = "patches as atoms" if spams is None else "a dictionary by SPAMS"
    show(
        f"Mean squared errors of 10,000 patches, 256 atoms: {atoms}",
        ("rule", "k", "ours", "peer, same atoms", "(ref, its atoms)"),
        rows,
    )
    same, near = np.nanmax(np.array(far), axis=0)
    compared = "scikit-learn" + ("" if spams is None else " and SPAMS")
    claims = [claim(f"{compared} on the same atoms: {same:.1e} <= 1e-7", same <= 1e-7)]
    if spams is not None:
        text = f"reference, with atoms of another seed: {near:.1%} <= 2 %"
        claims.append(claim(text, near <= 0.02))
    return all(claims)
