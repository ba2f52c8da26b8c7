"""
Quickstart: select features with a certified Lasso
==================================================

The first thing to see is which of 64 features (10 measurements, their squares and
products) the Lasso keeps, then how far its solution can be from the optimum at most,
then the same by a grid search, then the time beside scikit-learn's. The picture goes to
``quickstart_path.png`` in the current directory.

Run it with ``python examples/quickstart.py``; no display is needed.
"""

from __future__ import annotations

import time
from itertools import combinations

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import sklearn.linear_model
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sparsesci.linear_model import ElasticNet, LassoCV
from sparsesci.plotting import CoefficientPathDisplay, CVPathDisplay

TOL = 1e-6  # duality gap at which to stop, relative to the objective of zeros
# What scikit-learn calls s1 to s6: cholesterol, lipids, glucose.
NAMES = {"s1": "tc", "s2": "ldl", "s3": "hdl", "s4": "tch", "s5": "ltg", "s6": "glu"}
PICTURE = "quickstart_path.png"


def load_features():
    """Return Efron's 64 columns, the target, and the names of the columns."""
    data = load_diabetes()
    names = [NAMES.get(name, name) for name in data.feature_names]
    columns = dict(zip(names, data.data.T))
    table = dict(columns)
    for name, column in columns.items():
        if name != "sex":  # binary: its square says nothing new
            table[f"{name}^2"] = column**2
    for a, b in combinations(columns, 2):
        table[f"{a}:{b}"] = columns[a] * columns[b]
    return np.column_stack(list(table.values())), data.target, list(table)


def with_scaler(model):
    """Return a pipeline of standardisation and model."""
    return Pipeline([("scale", StandardScaler()), ("model", model)])


def heading(text):
    """Print a title."""
    print(f"\n{text}\n{'-' * len(text)}")


def report_selection(model, names, score):
    """Print the selected features, the largest coefficient first."""
    heading("Selected by LassoCV")
    order = np.argsort(-np.abs(model.coef_))
    kept = [j for j in order if model.coef_[j] != 0]
    print(f"{'feature':<12}{'coefficient':>12}")
    for j in kept:
        print(f"{names[j]:<12}{model.coef_[j]:>12.3f}")
    print(f"\n{len(kept)} of {len(names)} features, alpha = {model.alpha_:.4g}")
    print(f"R^2 on test data: {score:.3f}")


def report_certificate(model, y):
    """Print the duality gap, in the units of the objective and relative to zeros'."""
    heading("Certificate")
    null_objective = np.var(y) / 2
    relative = model.dual_gap_ / null_objective
    print(f"objective       {model.objective_:>12.4f}")
    print(f"duality gap     {model.dual_gap_:>12.2e}")
    print(f"relative gap    {relative:>12.2e}  (of the objective at zero; tol {TOL:g})")
    print(
        "The gap is a proof: whatever the coefficients, the objective cannot be lower\n"
        f"than this one by more than {model.dual_gap_:.1e}."
    )


def search_grid(X, y):
    """Return a grid search over alpha and l1_ratio of the elastic net."""
    grid = {
        "model__alpha": np.geomspace(0.03, 30, 13),
        "model__l1_ratio": [0.1, 0.5, 0.9, 1.0],
    }
    return GridSearchCV(
        with_scaler(ElasticNet(tol=TOL, max_iter=10_000)), grid, cv=5
    ).fit(X, y)


def report_search(search, score):
    """Print what the grid search chose."""
    heading("Selected by GridSearchCV over the elastic net")
    model = search.best_estimator_["model"]
    print(f"alpha           {model.alpha:>12.4g}")
    print(f"l1_ratio        {model.l1_ratio:>12g}")
    print(f"features        {np.count_nonzero(model.coef_):>12}")
    print(f"R^2, test data  {score:>12.3f}")


def seconds(model, X, y):
    """Return how long a fit takes."""
    start = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - start


def compare_times(X, y, n_repeats=5):
    """Print times of the same cross-validation, alternating the libraries."""
    heading("Time beside scikit-learn's")
    # scikit-learn's tol is relative to ||y||^2, twice our scale: halved, both stop at
    # the same duality gap.
    ours = LassoCV(tol=TOL, max_iter=10_000)
    theirs = sklearn.linear_model.LassoCV(tol=TOL / 2, max_iter=10_000)
    times = np.array(
        [[seconds(model, X, y) for model in (ours, theirs)] for _ in range(n_repeats)]
    )
    a, b = np.median(times, axis=0)
    verdict = f"{b / a:.1f} times as fast" if b >= a else f"{a / b:.1f} times as slow"
    print(f"sparsesci       {1000 * a:>9.0f} ms")
    print(f"scikit-learn    {1000 * b:>9.0f} ms   (version {sklearn.__version__})")
    print(
        f"Here, sparsesci is {verdict}. Compared: LassoCV.fit with 100 alphas and\n"
        f"5 folds on the {X.shape[0]} x {X.shape[1]} training data, one job, the same "
        f"gap asked of both;\nmedians of {n_repeats} alternated runs. They choose "
        f"alpha = {ours.alpha_:.5g} and {theirs.alpha_:.5g};\ntheir coefficients "
        f"differ by {np.abs(ours.coef_ - theirs.coef_).max():.0e} at most."
    )


def draw(model, X, y, names):
    """Save the coefficients and the test errors along alpha."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5.5), layout="constrained")
    CoefficientPathDisplay.from_estimator(
        model,
        X,
        y,
        alphas=model.alphas_[model.alphas_ > model.alpha_ / 2],  # and a little beyond
        feature_names=names,
        n_labels=np.count_nonzero(model.coef_),
        ax=left,
    )
    left.set_title("Features of the diabetes data come in as the penalty weakens")
    CVPathDisplay.from_estimator(model, show_folds=True, ax=right)
    right.set_title("Cross-validation chooses alpha")
    figure.savefig(PICTURE, dpi=120)


def main():
    """Fit, report, compare, draw."""
    print("Diabetes progression from 10 measurements, their squares and products")
    X, y, names = load_features()
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    pipe = with_scaler(LassoCV(tol=TOL, max_iter=10_000)).fit(X_train, y_train)
    model = pipe["model"]
    report_selection(model, names, pipe.score(X_test, y_test))
    report_certificate(model, y_train)
    search = search_grid(X_train, y_train)
    report_search(search, search.score(X_test, y_test))
    Z_train = pipe["scale"].transform(X_train)
    compare_times(Z_train, y_train)
    draw(model, Z_train, y_train, names)
    print(f"\nThe paths are drawn in {PICTURE}")


if __name__ == "__main__":
    main()
