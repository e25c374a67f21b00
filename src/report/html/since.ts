import type { Comparison } from '../diff-model.js';
import { sinceLines } from '../diff-since.js';
import { type Markup, markup } from './markup.js';

/** Since when plans that changed alike differ. */
export function sinceMarkup(comparisons: readonly Comparison[]): Markup[] {
  return sinceLines(comparisons).map(
    ({ label, text }) => markup`<p class="note since"><b>${label === 'since' ? 'Since' : 'Approved'}</b> ${text}</p>
`,
  );
}
