"""Formulas as MathML: readable without JavaScript and without a network."""

from __future__ import annotations

from html import escape

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
converter = LatexToMathML()
WORD_JOINER = "&#8288;"


def convert(node: nodes.Element, display: bool) -> str:
    """Return MathML; a formula that cannot be read is a warning and stays LaTeX."""
    latex = node.astext()
    try:
        return converter.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        logger.warning("formula %r: %s", latex, error, location=node)
        return f"<code>{escape(latex)}</code>"


def visit_inline(translator: nodes.NodeVisitor, node: nodes.Element) -> None:
    translator.body.append(convert(node, display=False))
    following = node.next_node(nodes.Text, descend=False, siblings=True)
    if following is not None and following.astext()[:1] in set(".,;:)"):
        translator.body.append(WORD_JOINER)  # no line begins with a comma
    raise nodes.SkipNode


def visit_block(translator: nodes.NodeVisitor, node: nodes.Element) -> None:
    # nowrap (an environment of its own) needs nothing: the converter knows those.
    translator.body.append('<div class="math-block">')
    translator.body.append(convert(node, display=True))
    if node["number"]:
        number = f'<span class="eqno">({node["number"]})'
        translator.body.append(number)
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, object]:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
