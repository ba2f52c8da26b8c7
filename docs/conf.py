"""Configuration of the documentation; `make docs` builds it, without a network."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import sparsesci  # noqa: E402

project = "sparsesci"
author = "The sparsesci developers"
copyright = author
version = release = sparsesci.__version__

extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "literal"
highlight_language = "none"  # docstrings set formulas as literal blocks
html_math_renderer = "mathml"
math_eqref_format = "({number})"

# ---- reference ----------------------------------------------------------------------
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections hold the types
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 72
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# ---- examples -----------------------------------------------------------------------
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "ignore_pattern": r"quickstart\.py|__init__\.py",
    "doc_module": ("sparsesci",),
    "backreferences_dir": "api/generated/backreferences",
    "reference_url": {"sparsesci": None},
    "download_all_examples": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "show_signature": False,
    "remove_config_comments": True,
}
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")

# ---- appearance ---------------------------------------------------------------------
html_theme = "pydata_sphinx_theme"
html_title = f"sparsesci {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "sparsesci"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "friendly",
    "pygments_dark_style": "monokai",
}
html_sidebars = {
    "index": [],
    "install": [],
    "quickstart": [],
    "changelog": [],
}

# ---- snippets in the pages ----------------------------------------------------------
doctest_global_setup = """
import matplotlib
import numpy as np
matplotlib.use("Agg")
"""
