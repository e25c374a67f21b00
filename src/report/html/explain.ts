import type { Doubt } from '../../rules/model.js';
import type { ExplainedCase, ExplainReport } from '../diff-model.js';
import { sideWords } from '../diff-words.js';
import type { Finding } from '../model.js';
import { cost, count } from '../text.js';
import type { HtmlContext } from './diff.js';
import { type Entry, entriesMarkup } from './entries.js';
import { type Markup, markup } from './markup.js';
import { header, page } from './page.js';
import { planBody } from './sections.js';

const badges = {
  fault: markup`<span class="badge fault"><b>✗</b> fault</span>`,
  unverified: markup`<span class="badge unverified"><b>?</b> unverified</span>`,
  pass: markup`<span class="badge pass"><b>✓</b> pass</span>`,
} satisfies Record<string, Markup>;

/** Plans, each by itself, as one HTML page that needs nothing else: no network, and no script for reading. Pure. */
export function explainHtml({ cases }: ExplainReport, context: HtmlContext): string {
  const faulty = cases.filter((one) => one.findings.length > 0).length;
  const doubtful = cases.filter((one) => one.findings.length === 0 && one.doubts.length > 0).length;
  const [first] = cases;
  const words = cases.length === 1 ? (first?.name ?? '') : count(cases.length, 'plan');
  const parts = [faulty > 0 ? `${faulty} with faults` : '', doubtful > 0 ? `${doubtful} unverified` : ''];
  const found = parts.filter((part) => part !== '').join(', ');
  const title = cases.length === 1 || found === '' ? words : `${words}, ${found}`;
  const sources = [...new Set(cases.map((one) => one.side.source))];
  return page({
    title: `Plan of ${first?.name ?? 'nothing'}`,
    version: context.version,
    content: markup`${header(
      faulty > 0 ? 'faulty' : doubtful > 0 ? 'doubtful' : 'fine',
      title,
      sources.length > 3 ? `${sources.slice(0, 3).join(', ')} and ${sources.length - 3} more` : sources.join(', '),
      [],
    )}
${entriesMarkup(cases.map(entry))}`,
  });
}

function entry({ name, side, findings, doubts }: ExplainedCase): Entry {
  const kind = findings.length > 0 ? 'fault' : doubts.length > 0 ? 'unverified' : 'pass';
  const total = side.plan.root.totalCost;
  return {
    kind,
    badge: badges[kind],
    answer: sideWords(side),
    title: name,
    aside: findings[0]?.message ?? doubts[0]?.message ?? '',
    numbers: total === undefined ? undefined : markup`<span class="cost">cost ${cost(total)}</span>`,
    why: [faultsMarkup(findings), doubts.map(doubtMarkup)],
    items: [{ name, numbers: undefined, statistics: undefined, mode: undefined, body: (id) => planBody(side, id) }],
    first: 'all',
  };
}

/** What rules find fault with; a cause that several have is told once. */
function faultsMarkup(findings: readonly Finding[]): Markup | undefined {
  if (findings.length === 0) return undefined;
  const causes = new Map(
    findings.flatMap(({ cause }) => (cause === undefined ? [] : [[cause.why, cause.next] as const])),
  );
  return markup`<div class="cause fault">${findings.map(
    ({ rule, message }) => markup`<p><b>${rule}</b> ${message}</p>
`,
  )}${Array.from(causes, ([why, next]) => markup`<p><b>Cause</b> ${why}</p><p><b>Next</b> ${next}</p>`)}</div>
`;
}

const doubtMarkup = ({ kind, message, next }: Doubt) =>
  markup`<div class="cause"><p><b>${kind}</b> ${message}</p><p><b>Next</b> ${next}</p></div>
`;
