import { expect, test } from 'vitest';
import { codeBlock, commandData, commandProperty, defuse, html, inline, json, markdown, sourceLine } from './escape.js';
import { hostile } from './testing/hostile.js';

test('inline text is one line in which nothing steers', () => {
  const shown = inline(hostile);
  expect(shown).toContain('\\x1b[2J\\x1b[31mred\\x1b[0m ::error');
  expect(shown).toContain('##\\x5badd-mask]');
  expect(shown).toContain('\\u202eevil\\u202c \\x9b31m \\u2028 \\ud800');
  expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  expect(inline('größe 日本 €')).toBe('größe 日本 €');
});

test('source lines keep their spaces', () => {
  expect(sourceLine('\ta  = 1\u0007')).toBe('    a  = 1\\x07');
});

test('a line of output never begins with a workflow command', () => {
  expect(defuse('a\n   ::error::x\n\u001b[2m  \u001b[22m::add-mask::y\n  x::text\n::stop')).toBe(
    'a\n  : :error::x\n\u001b[2m \u001b[22m: :add-mask::y\n  x::text\n: :stop',
  );
});

test("workflow commands survive the runner's own unescaping", () => {
  expect(commandData('50%\r\nnext: a,b')).toBe('50%25%0Anext: a,b');
  expect(commandProperty('a:b,c%\n')).toBe('a%3Ab%2Cc%25%0A');
  const shown = commandData(hostile);
  expect(shown).not.toMatch(/\p{Cc}/u);
  expect(shown).not.toContain('##[');
});

test('Markdown text is never markup', () => {
  expect(markdown('a|b `c` *d* _e_ <b>&amp; [x](y) # @me https://x www.x.org')).toBe(
    'a\\|b \\`c\\` \\*d\\* \\_e\\_ &lt;b&gt;&amp;amp; \\[x\\](y) \\# &#64;me https&#58;//x www&#46;x.org',
  );
  expect([markdown('- a'), markdown('1. a'), markdown('== a')]).toEqual(['\\- a', '1\\. a', '\\== a']);
  expect(markdown(hostile)).not.toMatch(/<|[^\\][`*[\]|]/);
});

/** Not written out beside a code point above U+FFFF: swc, which reads the imports, takes no such literal. */
const LONE_SURROGATE = String.fromCharCode(0xd800);

test('HTML text is never markup and keeps its lines', () => {
  expect(html('<!-- </script> & "a" \'b\'\r\n\tc')).toBe(
    '&lt;!-- &lt;/script&gt; &amp; &quot;a&quot; &#39;b&#39;\n\tc',
  );
  expect(html(`\u202e\0\u2028${LONE_SURROGATE}\u{e0041}`)).toBe('\\u202e\\u0000\\u2028\\ud800\\udb40\\udc41');
  const text = { text: '\u00ad\u009b\u200b' };
  expect(JSON.parse(html(JSON.stringify(text)).replaceAll('&quot;', '"'))).toEqual(text);
  expect(html(hostile)).not.toMatch(/[<>"']|(?![\n\t])\p{Cc}/u);
});

test("a code block's fence is longer than any within", () => {
  expect(codeBlock(['a', '````'], 'text')).toBe('`````text\na\n````\n`````');
});

test('JSON stays the same value and steers nothing', () => {
  const shown = json({ text: hostile });
  expect(JSON.parse(shown)).toEqual({ text: hostile });
  expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
  expect(shown).not.toContain('##[');
});
