"""Formulas as MathML: readable without JavaScript and without a network."""

from __future__ import annotations

from html import escape

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
converter = LatexToMathML()


def convert(node: nodes.Element, display: bool) -> str:
    """Return MathML; a formula that cannot be read is a warning and stays LaTeX."""
    latex = node.astext()
    try:
        return converter.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        logger.warning("formula %r: %s", latex, error, location=node)
        return f"<code>{escape(latex)}</code>"


def attach_punctuation(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep signs with the inline formula before: no line begins with a comma."""
    for node in list(doctree.findall(nodes.math)):
        following = node.next_node(descend=False, siblings=True)
        if isinstance(following, nodes.Text) and following[:1] in set(".,;:)?"):
            node["sign"] = following[0]
            following.parent.replace(following, nodes.Text(following[1:]))


def visit_inline(translator: nodes.NodeVisitor, node: nodes.Element) -> None:
    formula = convert(node, display=False)
    if "sign" in node:
        formula = f'<span class="math-sign">{formula}{node["sign"]}</span>'
    translator.body.append(formula)
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
    app.connect("doctree-resolved", attach_punctuation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
