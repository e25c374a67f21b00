import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Markup, markup, type Part } from './markup.js';

/** The deepest level that is indented further. */
export const deepest = 40;
/** Bars have so many lengths. */
export const steps = 40;

/** Browsers hash line breaks as they parse them. */
const asset = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8').replaceAll('\r\n', '\n');

/** Lengths that the policy forbids in `style` attributes. */
const lengths = [
  ...Array.from({ length: deepest + 1 }, (_, depth) => `.d${depth}{--depth:${depth}}`),
  ...Array.from({ length: steps + 1 }, (_, step) => `.w${step}{--share:${step / steps}}`),
].join('');

const hash = (text: string) => `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;

/** The top of a page: what was found, of what. */
export function header(verdict: string, words: string, about: Part): Markup {
  return markup`<header class="top ${verdict}">
<div><p class="about">${about}</p><button type="button" class="theme" data-js data-act="theme">Theme: system</button></div>
<h1>${words}</h1>
</header>`;
}

export interface Page {
  readonly title: string;
  readonly content: Part;
  /** Version of plan-guard. */
  readonly version: string;
}

/** A whole document that asks nothing of any network: the policy in it allows its own style and script alone. */
export function page({ title, content, version }: Page): string {
  const style = asset('page.css') + lengths;
  const script = asset('client.js');
  const policy = [
    "default-src 'none'",
    `style-src ${hash(style)}`,
    `script-src ${hash(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="plan-guard ${version}">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#plans">Skip to the plans</a>
${content}
<footer><p>plan-guard ${version}</p>
<p class="keys" data-js><kbd>/</kbd> filter · in a tree <kbd>↑</kbd> <kbd>↓</kbd> walk, <kbd>←</kbd> <kbd>→</kbd> collapse and expand, <kbd>Enter</kbd> shows the node's details</p></footer>
<script type="module">${new Markup(script)}</script>
</body>
</html>
`.text;
}
