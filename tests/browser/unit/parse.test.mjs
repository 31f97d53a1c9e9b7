import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMarkdown } from "../../../static/model/parse.js";

test("HTML in the text stays text, in blocks and in lines", () => {
  for (const text of [
    "<script>alert(1)</script>",
    "a <img src=x onerror=alert(1)> b",
    "<!-- hidden -->",
    "<div\nonclick=a>",
  ]) {
    const html = parseMarkdown(text);
    assert.doesNotMatch(html, /<(?!\/?p>)/, html);
    assert.match(html, /&lt;/);
  }
});

test("no word between angle brackets is lost", () => {
  assert.equal(parseMarkdown("use <T> here"), "<p>use &lt;T&gt; here</p>\n");
});

test("a picture from elsewhere becomes a link, an inline one stays", () => {
  assert.doesNotMatch(parseMarkdown("![cat](https://example.com/cat.png)"), /<img/);
  assert.match(
    parseMarkdown("![cat](https://example.com/cat.png)"),
    /<a href="https:\/\/example.com\/cat.png"[^>]*>cat</,
  );
  assert.match(
    parseMarkdown("![dot](data:image/png;base64,AAAA)"),
    /<img src="data:image\/png;base64,AAAA" alt="dot">/,
  );
  assert.doesNotMatch(parseMarkdown("![bad](data:image/svg+xml;base64,AAAA)"), /<img/);
});

test("addresses in angle brackets are links", () => {
  assert.match(parseMarkdown("<https://example.com>"), /<a href="https:\/\/example.com">/);
});
