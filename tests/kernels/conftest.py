"""Fixtures of the kernel tests."""

from __future__ import annotations

import numpy as np
import pytest

from sparsesci._kernels import get_backend


@pytest.fixture
def kernels(backend):
    """The module of one backend; the tests using it run on each."""
    return get_backend(backend)


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)
