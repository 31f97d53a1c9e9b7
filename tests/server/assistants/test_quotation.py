"""Words quoted so that a renderer gives them back."""

import html
import json
import random
import re
import subprocess

import pytest

from server.assistants.quotation import blockquote, bullet, inline
from tests.node import MODULES, node

MARKED = MODULES / "marked/lib/marked.esm.js"
MARKUP = r"""
a b c # #x - + * ** _ __ ` ``` ~~ <b> </div> <!-- &amp; & &#32; [x](http://y) ![i](u) [ ] ( ) | |--|--| :-- 1. 12) = ===
--- \ \\ http://a_b.c/d*e https://x.y www.foo.com WWW.x.de me@x.org mailto:a@b.c ftp://q.r > $x$ {} ! é 日本 😀 : [^1]
[^1]: <http://a.b> " ' ... xmpp:a@b.c
"""
SPACES = [" ", "  ", "\n", "\n\n", "\t", "    ", "\r\n"]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("My cat is called Miso.", "> My cat is called Miso."),
        ("a\nb", "> a\\\n> b"),
        ("a\n\nb", "> a\\\n> \\\n> b"),
        ("*a* _b_ `c`", "> \\*a\\* \\_b\\_ \\`c\\`"),
        ("# a", "> \\# a"),
        ("1. a 2. b", "> 1\\. a 2. b"),
        ("  a", "> &#32;&#32;a"),
        ("a\n", "> a&#10;"),
        ("\n", "> &#10;"),
        ("<b>&amp;", "> \\<b\\>\\&amp;"),
        ("see http://a.b", "> see http\\://a.b"),
        ("a-b = c + d", "> a-b = c + d"),
        ("", "> "),
    ],
)
def test_blockquote_escapes_what_could_act(text, markdown):
    """Plain words stay plain, and whatever could act is escaped."""
    assert blockquote(text) == markdown


def test_bullet_keeps_lines_together():
    """The lines of an entry stay in it."""
    assert bullet("a\n- b") == "- a\\\n  \\- b"


def test_inline_is_one_line():
    """Words inside a sentence take no new line."""
    assert inline(" a\n# *b* ") == "a # \\*b\\*"


def shown(rendered: str) -> str:
    """The text of a rendered quotation or list entry; a tag in it would stay and be noticed."""
    inner = re.sub(r"^<(blockquote|ul)>\n?(<li>)?(<p>)?|(</p>\n)?</blockquote>\n$|</li>\n</ul>\n$", "", rendered)
    return html.unescape(inner.replace("<br>", "\n"))


def test_page_shows_the_words_exactly(tmp_path):
    """The page's own renderer gives back every character of texts made of all that Markdown has."""
    random_source = random.Random(1)
    texts = [
        "".join(random_source.choices(MARKUP.split() + SPACES * 4, k=random_source.randint(1, 12)))
        for _ in range(2_000)
    ]
    texts = [text for text in texts if text.strip()]
    script = tmp_path / "render.mjs"
    script.write_text(
        f"import {{marked}} from {json.dumps(MARKED.as_uri())}; import fs from 'fs';"
        "const sources = JSON.parse(fs.readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(sources.map(source => marked.parse(source, {gfm: true}))));"
    )
    sources = [quote(text) for quote in (blockquote, bullet) for text in texts]
    done = subprocess.run([node(), script], input=json.dumps(sources), capture_output=True, text=True, check=True)
    expected = [text.replace("\r\n", "\n") for text in texts * 2]
    assert list(map(shown, json.loads(done.stdout))) == expected
