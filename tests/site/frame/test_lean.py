"""Pages and templates in fewer bytes: the same document, and quotes where strangers' words land."""

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.site.frame.lean import lean, lean_frame, lean_template
from cardboard.site.frame.slots import Shell

TABLE = """<section class="a b">
<h2 id="x">X</h2>
<table class="t">
<thead><tr><th scope="col">A</th><th scope="col" data-number>B</th></tr></thead>
<tbody>
<tr><th scope="row">one</th><td title="two words">1</td></tr>
</tbody>
</table>
<ul>
<li>y <b>z</b></li>
</ul>
<pre class="k">
<li>kept</li>
</pre>
</section>
"""


def elements(html):
    """Return what a browser makes of *html*, without the spaces that lay it out."""
    tree = html5lib.parse(html, treebuilder="etree")
    return [(one.tag, one.attrib, (one.text or "").strip()) for one in tree.iter()]


def test_what_html_does_not_ask_for_goes_and_the_document_stays():
    made = lean(TABLE)
    assert elements(made) == elements(TABLE)
    assert '<tr><th scope=row>one<td title="two words">1</table>' in made
    assert '<pre class="k">\n<li>kept</li>\n</pre>' in made, "what is laid out by its author"


def test_the_lines_of_a_template_keep_their_numbers():
    source = '<ul>\n{% for one in all %}\n<li class="{{ one }}">\n</li>\n{% endfor %}\n</ul>\n'
    made = lean_template(source)
    assert made.count("\n") == source.count("\n")
    assert made.index("endfor") > made.index("for one")
    assert made[: made.index("{% for")].count("\n") == 1
    assert '<li class="{{ one }}">' in made, "what is put in stays quoted"


@pytest.mark.parametrize("value", ["CARDBOARD_TITLE", "https://cardboard.invalid/to/ko"])
def test_an_attribute_that_a_slot_fills_keeps_its_quotes(value):
    assert lean(f'<a title="{value}" class="c">') == f'<a title="{value}" class=c>'


@given(st.text(alphabet="a\"'<> =/&"))
def test_no_title_gets_out_of_its_attribute(title):
    from html import escape

    shell = Shell.capture('<p title="CARDBOARD_TITLE" class="c">x</p>', compact=True)
    page = html5lib.parse(shell.stamp({"title": escape(title)}), namespaceHTMLElements=False)
    (paragraph,) = page.iter("p")
    assert paragraph.attrib == {"title": title, "class": "c"}


def test_a_group_of_the_navigation_is_a_link_to_its_first_page_however_deep_it_is():
    def item(inside):
        return f'<li class="md-nav__item">\n{inside}\n</li>'

    def group(title, *items):
        head = f'<label><span class="md-ellipsis">\n {title}\n</span></label>'
        return item(
            f'{head}<nav class="md-nav"><ul class="md-nav__list">{"".join(items)}</ul></nav>'
        )

    pages = [
        item(
            f'<a href="../{one}/" class="md-nav__link">\n<span class="md-ellipsis">{one}</span></a>'
        )
        for one in ("board", "first", "second", "third", "last")
    ]
    nested = group("Guide", group("Tutorials", *pages[1:3]), group("Reference", pages[3]))
    frame = (
        '<nav class="md-nav md-nav--primary"><label>x</label><ul class="md-nav__list">'
        f"{pages[0]}{nested}{pages[4]}</ul></nav><ul><li>after</li></ul>"
    )
    links = [("board", "board"), ("first", "Guide"), ("last", "last")]
    assert lean_frame(frame) == (
        '<nav class="md-nav md-nav--primary"><label>x</label><ul class=md-nav__list>'
        + "".join(
            f'<li class=md-nav__item><a href="../{path}/" class=md-nav__link>'
            f"<span class=md-ellipsis>{title}</span></a>"
            for path, title in links
        )
        + "</ul></nav><ul><li>after</ul>"
    )


def test_links_that_are_tabs_are_not_written_twice():
    tabs = '<nav class="md-tabs"><a href="../board/" class="md-tabs__link">board</a></nav>'
    listed = (
        '<ul class="md-nav__list"><li class="md-nav__item"><a href="../board/">board</a></li></ul>'
    )
    frame = f'{tabs}<nav class="md-nav md-nav--primary">{listed}</nav>'
    assert lean_frame(frame).endswith(
        '<nav class="md-nav md-nav--primary"><ul class=md-nav__list></ul></nav>'
    )
