"""Where numba keeps the compiled kernels, and that nobody else notices."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
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


def _make_folders(parent, ages_in_days):
    """Folders as other versions leave them, named after their ages."""
    for age in ages_in_days:
        folder = parent / f"numba-{age:016d}"
        (folder / "nested").mkdir(parents=True)
        (folder / "nested" / "kernel.nbi").touch()
        then = time.time() - age * 86400
        os.utime(folder, (then, then))


def _ages(parent):
    names = [path.name.removeprefix("numba-") for path in parent.glob("numba-*")]
    return sorted(int(name) for name in names if name.isdigit())


def test_folders_of_old_versions_are_deleted(monkeypatch, tmp_path):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    _make_folders(tmp_path, [1, 2, 29, 31, 400])
    others = [tmp_path / name for name in ("numba-", "numba-0123abc", "fold_1")]
    for other in others:
        other.mkdir()
        os.utime(other, (0, 0))
    current = Path(_cache.cache_folder())
    assert _ages(tmp_path) == [1, 2, 29]
    assert all(path.exists() for path in [*others, current])


def test_the_latest_folders_are_kept_whatever_their_age(monkeypatch, tmp_path):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    _make_folders(tmp_path, [100, 200, 300, 400, 500])
    _cache.cache_folder()
    assert _ages(tmp_path) == [100, 200, 300]


def test_folders_are_deleted_after_an_upgrade_only(monkeypatch, tmp_path):
    """And using one makes it young."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    current = Path(_cache.cache_folder())
    os.utime(current, (0, 0))
    _make_folders(tmp_path, [100, 200, 300, 400])
    assert _cache.cache_folder() == str(current)
    assert _ages(tmp_path) == [100, 200, 300, 400]
    assert time.time() - current.stat().st_mtime < 3600


def test_a_folder_that_goes_while_it_is_deleted_does_no_harm(monkeypatch, tmp_path):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    _make_folders(tmp_path, [100, 200, 300, 400, 500])
    delete, left = shutil.rmtree, []

    def delete_twice(folder, **options):
        delete(folder)
        left.append(delete(folder, **options))

    monkeypatch.setattr(_cache.shutil, "rmtree", delete_twice)
    assert _cache.cache_folder() is not None
    assert left == [None, None]
    assert _ages(tmp_path) == [100, 200, 300]


def test_kernels_outlive_their_folder(monkeypatch, tmp_path):
    """Deleted by another process, before a second compilation and at any time."""
    folder = tmp_path / "own"
    monkeypatch.setattr(_cache, "_folder", str(folder))

    def make():
        @_cache.kernel
        def double(x):
            return 2 * x

        return double

    double = make()
    assert double(np.float64(2)) == 4
    shutil.rmtree(folder)
    assert double(np.float64(3)) == 6
    assert double(np.float32(3)) == 6
    assert list(folder.rglob("*.nbi"))
    for data in folder.rglob("*.nbc"):  # as if the deletion were under way
        data.unlink()
    assert make()(np.float32(3)) == 6


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
