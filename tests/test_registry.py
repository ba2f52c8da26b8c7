"""Every penalty is known, under one signature, to Python and to both backends."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
from problems import PENALTIES

import sparsesci.penalties
from sparsesci._kernels import get_backend
from sparsesci.penalties import REGISTRY, Penalty

CLASSES = [
    member
    for _, member in inspect.getmembers(sparsesci.penalties, inspect.isclass)
    if issubclass(member, Penalty) and member is not Penalty
]


def test_backend_signatures_equal_the_registry(backend):
    expected = {name: spec.signature() for name, spec in REGISTRY.items()}
    assert get_backend().penalty_signatures() == expected


def test_public_penalties_are_the_registered_ones():
    assert set(CLASSES) == set(REGISTRY.values())
    assert all(REGISTRY[spec.kernel] is spec for spec in CLASSES)


def test_every_penalty_has_test_cases():
    assert {type(case.penalty) for case in PENALTIES} == set(REGISTRY.values())


@pytest.mark.parametrize("spec", CLASSES, ids=lambda spec: spec.__name__)
def test_specifications_are_frozen_dataclasses(spec):
    assert dataclasses.is_dataclass(spec)
    case = next(c.penalty for c in PENALTIES if type(c.penalty) is spec)
    with pytest.raises(dataclasses.FrozenInstanceError):
        case.alpha = 2.0


@pytest.mark.parametrize("case", PENALTIES, ids=str)
def test_every_penalty_builds(backend, case):
    assert case.penalty.build() is not None
