import type { Doubt } from '../../rules/model.js';
import type { ExplainedCase, ExplainReport } from '../diff-model.js';
import { sideWords } from '../diff-words.js';
import type { Finding } from '../model.js';
import { cost, count } from '../text.js';
import type { HtmlContext } from './diff.js';
import { type Entry, entriesMarkup } from './entries.js';
import { type Markup, markup } from './markup.js';
import { header, page } from './page.js';
import { planBody, prose } from './sections.js';

const badges = {
  fault: markup`<span class="badge fault"><b>✗</b> fault</span>`,
  unverified: markup`<span class="badge unverified"><b>?</b> unverified</span>`,
  clean: markup`<span class="badge clean"><b>✓</b> clean</span>`,
} satisfies Record<string, Markup>;

type Kind = keyof typeof badges;

const alone: Readonly<Record<Kind, string>> = {
  fault: 'Rules find fault with the plan',
  unverified: 'The plan could not be judged',
  clean: 'No rule finds fault with the plan',
};

/** Plans, each by itself, as one HTML page that needs nothing else: no network, and no script for reading. Pure. */
export function explainHtml({ cases }: ExplainReport, context: HtmlContext): string {
  const [first] = cases;
  const kinds = cases.map(kindOf);
  const verdict = kinds.includes('fault') ? 'fault' : kinds.includes('unverified') ? 'unverified' : 'clean';
  const sources = [...new Set(cases.map((one) => one.side.source))];
  return page({
    title: `Plan of ${first?.name ?? 'nothing'}`,
    version: context.version,
    content: markup`${header(
      verdict,
      cases.length === 1 ? alone[verdict] : severalWords(kinds),
      sources.length > 3 ? `${sources.slice(0, 3).join(', ')} and ${sources.length - 3} more` : sources.join(', '),
    )}
${entriesMarkup(cases.map(entry))}`,
  });
}

function severalWords(kinds: readonly Kind[]): string {
  const number = (kind: Kind) => kinds.filter((one) => one === kind).length;
  const parts = [count(kinds.length, 'plan')];
  if (number('fault') > 0) parts.push(`${number('fault')} with faults`);
  if (number('unverified') > 0) parts.push(`${number('unverified')} unverified`);
  return parts.join(', ');
}

function kindOf({ findings, doubts }: ExplainedCase): Kind {
  if (findings.length > 0) return 'fault';
  return doubts.length > 0 ? 'unverified' : 'clean';
}

function entry(explained: ExplainedCase): Entry {
  const { name, side, findings, doubts } = explained;
  const kind = kindOf(explained);
  const body = (id: string) => planBody(side, id);
  const total = side.plan.root.totalCost;
  return {
    kind,
    badge: badges[kind],
    answer: sideWords(side),
    title: name,
    aside: findings[0]?.message ?? doubts[0]?.message ?? '',
    numbers: total === undefined ? undefined : markup`<span class="cost">cost ${cost(total)}</span>`,
    why: [faultsMarkup(findings), doubts.map(doubtMarkup)],
    items: [{ name, numbers: undefined, statistics: undefined, mode: undefined, plans: side.raw, body }],
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
    ({ rule, message }) => markup`<p><b>${rule}</b> ${prose(message)}</p>
`,
  )}${Array.from(causes, ([why, next]) => markup`<p><b>Cause</b> ${prose(why)}</p><p><b>Next</b> ${prose(next)}</p>`)}</div>
`;
}

const doubtMarkup = ({ kind, message, next }: Doubt) =>
  markup`<div class="cause"><p><b>${kind}</b> ${prose(message)}</p><p><b>Next</b> ${prose(next)}</p></div>
`;
