"""Test files of the installed scikit-learn, run on our names."""

from __future__ import annotations

import importlib.util
from unittest import mock

import pytest
import sklearn.linear_model

# As in scikit-learn's own runs: a warning is an error if it is about the future.
WARNINGS = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error::DeprecationWarning"),
    pytest.mark.filterwarnings("error::FutureWarning"),
]


def twins(ours):
    """What a package of ours has under a name of sklearn.linear_model."""
    return {
        name: getattr(ours, name)
        for name in ours.__all__
        if hasattr(sklearn.linear_model, name)
    }


def load(name, ours):
    """Names of a private copy of a test file, with `ours` in the place of its own."""
    full = f"sklearn.linear_model.tests.{name}"
    try:
        spec = importlib.util.find_spec(full)
    except ModuleNotFoundError:
        spec = None
    if spec is None:
        pytest.skip(f"{full} is not installed", allow_module_level=True)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.multiple(sklearn.linear_model, **ours):
        spec.loader.exec_module(module)
    return vars(module)


def as_class(name, loaded, without=()):
    """Return the tests of a loaded file as a class, for pytest to collect."""
    tests = {
        key: staticmethod(test)
        for key, test in loaded.items()
        if key.startswith("test_") and key not in without
    }
    return type(name, (), tests)
