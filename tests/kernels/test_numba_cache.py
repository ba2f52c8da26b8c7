"""Where numba keeps the compiled kernels, and that nobody else notices."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from sparsesci._kernels.numba_backend import _cache  # noqa: E402


def test_the_folder_is_named_after_the_sources(monkeypatch, tmp_path):
    sources = tmp_path / "sources"
    shutil.copytree(Path(_cache.__file__).parent, sources)
    monkeypatch.setattr(_cache, "__file__", str(sources / "_cache.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    before = _cache.cache_folder()
    assert before is not None
    assert Path(before).is_dir()
    assert Path(before).is_relative_to(tmp_path / "cache")
    assert _cache.cache_folder() == before
    # An edit in a file that a kernel only calls into.
    with open(sources / "vector.py", "a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert _cache.cache_folder() != before


def test_the_folder_of_the_user_comes_first(monkeypatch, tmp_path):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert Path(_cache.cache_folder()).parent == tmp_path


def test_kernels_run_where_nothing_can_be_written(monkeypatch, tmp_path):
    occupied = tmp_path / "file"
    occupied.touch()
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(occupied))
    folder = _cache.cache_folder()
    assert folder is None
    monkeypatch.setattr(_cache, "_folder", folder)
    assert _cache.kernel(lambda x: x + 1)(1.0) == 2.0


def test_decorating_leaves_the_settings_of_numba_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(_cache, "_folder", str(tmp_path / "own"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "chosen")

    @_cache.kernel
    def double(x):
        return 2 * x

    assert numba.config.CACHE_DIR == "chosen"
    assert double(np.float64(2)) == 4
    assert list((tmp_path / "own").rglob("*.nbi"))


def test_numba_is_imported_when_it_is_chosen_only():
    code = (
        "import sys, sparsesci._kernels as k; assert 'numba' not in sys.modules; "
        "k.get_backend('numba'); assert 'numba' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
