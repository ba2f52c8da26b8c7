"""Fixtures that all tests share."""

from __future__ import annotations

import os

import pytest
from threadpoolctl import threadpool_limits

import sparsesci
from sparsesci._kernels import available_backends

_SEED_VARIABLE = "SPARSESCI_TESTS_GLOBAL_RANDOM_SEED"
_BACKENDS = ("cpp", "numba")


def _seeds() -> list[int]:
    """Seeds of this run: a number (42 by default), or 0 to 9 for "all"."""
    wanted = os.environ.get(_SEED_VARIABLE, "42")
    if wanted == "all":
        return list(range(10))
    if not wanted.isdigit():
        raise pytest.UsageError(
            f"{_SEED_VARIABLE} must be a number or 'all', got {wanted!r}."
        )
    return [int(wanted)]


@pytest.fixture(scope="session", autouse=True)
def _single_threaded_blas():
    """Small problems, and other tests beside them: threads of BLAS only wait."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(params=_seeds(), ids="seed{}".format)
def global_random_seed(request: pytest.FixtureRequest) -> int:
    """A seed that a test must pass with, whatever it is."""
    return int(request.param)


@pytest.fixture(params=_BACKENDS)
def backend(request: pytest.FixtureRequest):
    """Name of the backend that the test runs on."""
    name = request.param
    if name not in available_backends():
        pytest.skip(f"the {name} backend is not available here")
    with sparsesci.config_context(backend=name):
        yield name
