import { NAMED_NODES } from '../node-names.js';
import { indentOf } from './lines.js';

/** `(8 rows)` in any language of psql: the number of rows, if this is such a footer. */
export function footerRows(text: string): number | undefined {
  const match = /^\((\d+) ?\p{L}[\p{L}\p{M}]*(?: \p{L}+)?\)$/u.exec(text.trim());
  return match === null ? undefined : Number(match[1]);
}

/** psql's rule below a header or at the end of a table, in each of its line styles, or Markdown's. */
export function isRule(text: string): boolean {
  const rule = text.trim();
  return /^[-+|:─│┌┐└┘├┤┼┬┴═║╔╗╚╝╠╣╞╡╟╢╪╫╬╒╕╘╛╓╖╙╜╤╧╥╨ ]+$/.test(rule) && /--|──|══/.test(rule);
}

/** The bars of psql's tables: ASCII, and Unicode single and double. */
export const BARS = '|│║';

/** `db=# `, `db-# `, `db(> `: what psql's prompts look like by default, in and out of transactions. */
const PROMPT = /^[\w.@:/[\]~-]*\w([=\-('"$^!*])[*!?]?[#>](?: |$)/;

/** What stands behind psql's prompt, and whether the prompt begins a statement. */
export function afterPrompt(text: string): { readonly rest: string; readonly begins: boolean } | undefined {
  const match = PROMPT.exec(text);
  return match === null ? undefined : { rest: text.slice(match[0].length), begins: match[1] === '=' };
}

const FIGURES = ['  (cost=', '  (actual time=', '  (actual rows=', '  (never executed)'];

/** Whether a line has the estimates or measurements that EXPLAIN's text prints behind a node. */
export function hasFigures(text: string): boolean {
  return FIGURES.some((figures) => text.includes(figures));
}

/** Whether a line is the first one of a plan in EXPLAIN's text, with costs or with measurements. */
export function isRoot(text: string): boolean {
  return /^\s*[A-Z]/.test(text) && hasFigures(text) && !/^\s*[A-Z][\w/ -]*:/.test(text);
}

const NAMES = [...NAMED_NODES.keys()].sort((a, b) => b.length - a.length);

/** Whether a line is a node of EXPLAIN's text as COSTS OFF prints it. */
export function isPlainNode(text: string): boolean {
  const line = text.trim().replace(/^(?:Parallel |Async )+/, '');
  if (/^Custom Scan \(\w+\)(?: on \S.*)?$/.test(line)) return true;
  const name = NAMES.find((known) => line.startsWith(known));
  if (name === undefined) return false;
  const rest = line.slice(name.length);
  return rest === '' || (NAMED_NODES.get(name)?.target !== 'none' && /^ (?:Backward )?(?:using|on) \S/.test(rest));
}

/** Whether a line stands below a node's first line in EXPLAIN's text. */
export function isBelowNode(text: string): boolean {
  return /^"?\s+(?:-> {1,2}\S|[A-Z][\w/ -]*: \S|(?:InitPlan|SubPlan) \d|CTE \S)/.test(text);
}

const OPENINGS: readonly (readonly [format: 'json' | 'xml' | 'yaml', start: RegExp])[] = [
  ['json', /^\s*(?:\[\s*(?:\{\s*(?:"|[+↵]?$)|[+↵]?$)|\{\s*(?:"|[+↵]?$))/],
  ['xml', /^\s*(?:<\?xml[^>]*>\s*)?<explain[\s>]/],
  ['yaml', /^\s*- Plan:\s*[+↵]?$/],
];

/** The format of a plan that begins with this line, where it is not text. */
export function openingOf(text: string): 'json' | 'xml' | 'yaml' | undefined {
  return OPENINGS.find(([, start]) => start.test(text))?.[0];
}

/** Whether a line begins a plan in any format; without costs, `definite` has to say that there is one. */
export function beginsPlan(text: string, definite: boolean): boolean {
  return openingOf(text) !== undefined || isRoot(text) || (definite && isPlainNode(text));
}

/** A line that ends a code block: Markdown's, Slack's, Jira's. */
export function isFence(text: string): boolean {
  return /^\s*(?:```|~~~)/.test(text) || /^\s*\{(?:code|noformat)(?::[^}]*)?\}\s*$/.test(text);
}

/** psql's `Time: 1.234 ms`, in its languages. */
function isTiming(text: string): boolean {
  return /^\p{L}+ ?[:：] ?\d[\d.,]* \p{L}+(?: \([\d.,:\p{L} ]+\))?$/u.test(text);
}

const STATEMENT = /^(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|VALUES|TABLE|EXECUTE|PREPARE|SET|RESET|BEGIN)\b/;
const COMMAND_TAG = /^[A-Z]{2,}[A-Z ]*(?: \d+)*$/;

/** A message of the server as psql shows it: `NOTICE:  …`. */
export function isMessage(text: string): boolean {
  return /^(?:psql:\S* )?\p{L}+: {2}\S/u.test(text);
}

/**
 * Whether a line that follows a plan's text directly is none of its: psql's footer, timing, prompt or echo, a message
 * of the server, the end of a code block. All that a plan itself has at the margin is `Planning Time: …` and the like.
 */
export function endsText(text: string): boolean {
  if (indentOf(text) > 0) return isFence(text);
  return (
    footerRows(text) !== undefined ||
    isFence(text) ||
    isTiming(text) ||
    afterPrompt(text) !== undefined ||
    /^EXPLAIN\b/i.test(text) ||
    STATEMENT.test(text) ||
    COMMAND_TAG.test(text) ||
    isMessage(text) ||
    text.includes(' ms  plan:')
  );
}

/** Whether a line is certainly a part of a plan, though nothing that was recognised stands before it. */
export function looksLikePlan(text: string): boolean {
  return (
    /(?:^|[^ ]) {2}\((?:cost=\d+\.\d+\.\.\d|actual (?:time|rows)=\d|never executed\))/.test(text) ||
    /^\W*-> {2}\S/.test(text) ||
    /"Node Type"+\s*:/.test(text) ||
    text.includes('<Node-Type>') ||
    /^\s*(?:- )?Node Type: "/.test(text)
  );
}
