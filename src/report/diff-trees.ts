import type { AlignedNode } from '../diff/model.js';
import type { PlanNode } from '../plan/model.js';
import { conditionsOf, hiddenWords, marks, shownFields, type TreeItem, treeItems, words } from './diff-lines.js';
import { type DiffPage, plain, type Style } from './diff-page.js';
import type { Row } from './diff-rows.js';
import { measuredWords } from './diff-words.js';
import { inline } from './escape.js';
import { clipLines, columns, cost, integer, padEnd, padStart, rough, wrap } from './text.js';

/** From this width on, trees stand side by side. */
const wide = 120;
/** Below this width only the cost of after is told. */
const narrow = 60;
/** Nodes that are shown unless verbose. */
const fullNodes = 24;
/** Lines of a condition that are shown unless verbose. */
const fullLines = 4;

export interface TreeOptions {
  /** Paths in the plan of after that are at fault. */
  readonly worse: ReadonlySet<string>;
  /** What stands above the tree. */
  readonly title: string;
}

/** Two aligned trees: side by side where the page is wide, else in one. */
export function drawTrees(page: DiffPage, rows: readonly Row[], options: TreeOptions): void {
  const drawing = new Drawing(page, rows, options);
  if (page.width >= wide) drawing.besides();
  else drawing.unified();
}

/** One tree. */
export function drawTree(page: DiffPage, rows: readonly Row[], options: TreeOptions): void {
  new Drawing(page, rows, options).single();
}

const rowsOf = (node: PlanNode) => node.planRows;
const costOf = (node: PlanNode) => node.totalCost;

class Drawing {
  readonly #page: DiffPage;
  readonly #options: TreeOptions;
  readonly #items: readonly TreeItem[];
  readonly #before: ReadonlyMap<string, PlanNode>;

  constructor(page: DiffPage, rows: readonly Row[], options: TreeOptions) {
    const { verbose, unicode } = page.context;
    const besides = page.width >= wide;
    const cell = besides ? Math.floor(page.width / 2) : page.width;
    this.#page = page;
    this.#options = options;
    this.#before = new Map(rows.flatMap(({ before }) => (before === undefined ? [] : [[before.path, before]])));
    // In one tree, a node that moved tells itself where it was.
    this.#items = treeItems(besides ? rows : rows.filter(({ change }) => change !== 'left'), {
      nodes: verbose ? Number.POSITIVE_INFINITY : fullNodes,
      unicode,
      stem: Math.max(6, Math.floor(cell / 9) * 3),
    });
  }

  /** Both plans in one tree: what differs is told as `before → after`. */
  unified(): void {
    const { glyph, width } = this.#page;
    const short = width < 80;
    const after = (row: Row) => {
      const value = (row.after ?? row.before)?.totalCost;
      return value === undefined ? '' : price(value);
    };
    const both = (of: (node: PlanNode) => number | undefined, format: (value: number) => string) => (row: Row) => {
      const [before, after] = [row.before && of(row.before), row.after && of(row.after)];
      if (before === undefined || after === undefined)
        return [before, after].map((one) => (one === undefined ? '' : format(one))).join('');
      return format(before) === format(after) ? format(after) : `${format(before)} ${glyph.arrow} ${format(after)}`;
    };
    const figures = [
      ...(short ? [] : [{ head: 'rows', text: both(rowsOf, width < 100 ? rough : integer) }]),
      { head: 'cost', text: width < narrow ? after : both(costOf, short ? price : cost) },
    ];
    this.#draw(figures, (row, tell) => {
      const was = this.#wasWords(row);
      if (was !== undefined) tell('was', was, 'removed');
      this.#details(row, tell);
    });
  }

  /** What a node was, and where it hung before it moved; undefined where both are as before. */
  #wasWords({ change, before, after }: Row): string | undefined {
    if (before === undefined || after === undefined) return undefined;
    const was = words(before) === words(after) ? [] : [words(before)];
    const parent = this.#before.get(before.path.slice(0, before.path.lastIndexOf('.')));
    if (change === 'moved' && parent !== undefined) {
      const side = before.parentRelationship?.toLowerCase();
      const isJoin = parent.properties['Join Type'] !== undefined && (side === 'outer' || side === 'inner');
      was.push(isJoin ? `the ${side} side of ${words(parent)}` : `below ${words(parent)}`);
    } else if (change === 'moved') was.push('at the top');
    return was.length === 0 ? undefined : was.join(', ');
  }

  /** One plan. */
  single(): void {
    const text = (of: (node: PlanNode) => number | undefined, format: (value: number) => string) => (row: Row) => {
      const value = row.after && of(row.after);
      return value === undefined ? '' : format(value);
    };
    const figures = [
      ...(this.#page.width < 50 ? [] : [{ head: 'rows', text: text(rowsOf, this.#page.width < 60 ? rough : integer) }]),
      { head: 'cost', text: text(costOf, this.#page.width < 60 ? price : cost) },
    ];
    this.#draw(figures, (row, tell) => {
      for (const condition of row.after === undefined ? [] : conditionsOf(row.after)) tell('', condition, undefined);
      const measured = row.after && measuredWords(row.after, row.after, '');
      if (measured !== undefined) tell('', `Actual: ${measured}`, undefined);
    });
  }

  #nodeWords(row: Row): string {
    const node = row.after ?? row.before;
    return node === undefined ? '' : words(node);
  }

  /** Conditions that differ, those of a node that one plan has alone, and what was measured. */
  #details(row: Row, tell: (sign: string, text: string, change: 'added' | 'removed' | undefined) => void): void {
    for (const { field, before, after } of shownFields(row)) {
      if (before !== undefined) tell('-', `${field}: ${inline(before)}`, 'removed');
      if (after !== undefined) tell('+', `${field}: ${inline(after)}`, 'added');
    }
    const alone = row.before === undefined ? row.after : row.after === undefined ? row.before : undefined;
    for (const condition of alone === undefined ? [] : conditionsOf(alone)) tell('', condition, undefined);
    if (row.before !== undefined && row.after !== undefined) {
      const measured = measuredWords(row.before, row.after, this.#page.glyph.arrow);
      if (measured !== undefined) tell('', `Actual: ${measured}`, undefined);
    }
  }

  #draw(
    figures: readonly { readonly head: string; readonly text: (row: Row) => string }[],
    below: (row: Row, tell: (sign: string, text: string, change: 'added' | 'removed' | undefined) => void) => void,
  ): void {
    const { lines, chalk, width, glyph, context } = this.#page;
    const shown = this.#items.flatMap(({ row }) => row ?? []);
    const sizes = figures.map(({ head, text }) => Math.max(head.length, ...shown.map((row) => columns(text(row)))) + 2);
    const room = Math.max(16, width - 4 - sizes.reduce((sum, size) => sum + size, 0));
    const heads = figures.map(({ head }, index) => padStart(head, sizes[index] as number)).join('');
    const labels = this.#items.flatMap(({ row, stem }) =>
      row === undefined ? [] : columns(stem) + columns(this.#nodeWords(row)),
    );
    const widest = Math.min(room, Math.max(...labels, Math.min(room, columns(this.#options.title) - 2)));
    const titles = wrap(this.#options.title, widest + 2);
    titles.forEach((title, index) => {
      lines.push(chalk.dim(`  ${padEnd(title, widest + 2)}${index === titles.length - 1 ? heads : ''}`));
    });
    for (const item of this.#items) {
      const { row, stem } = item;
      if (row === undefined) {
        const parts = wrap(hiddenWords(item, glyph.more), Math.max(8, width - 4 - columns(stem)));
        parts.forEach((part, index) => {
          lines.push(`    ${chalk.dim(`${index === 0 ? stem : item.below}${part}`)}`);
        });
        continue;
      }
      const style = this.#style(row);
      const numbers = figures.map(({ text }, index) => padStart(text(row), sizes[index] as number)).join('');
      const parts = wrap(this.#nodeWords(row), Math.max(8, widest - columns(stem)));
      parts.forEach((part, index) => {
        const lead = index === 0 ? `  ${style(this.#mark(row))} ${chalk.dim(stem)}` : `    ${chalk.dim(item.below)}`;
        const head = index === 0 ? padEnd(part, widest - columns(stem)) + numbers : part;
        lines.push(lead + style(head));
      });
      below(row, (sign, text, change) => {
        const indent = `    ${item.below}`;
        const mark = sign === '' ? '' : `${sign} `;
        const left = Math.max(12, width - columns(indent) - columns(mark));
        const all = wrap(text, left);
        const paint = change === 'added' ? chalk.green : change === 'removed' ? chalk.red : chalk.dim;
        clipLines(all, context.verbose ? all.length : fullLines, left, glyph.more).forEach((part, index) => {
          lines.push(`${chalk.dim(indent)}${paint(`${index === 0 ? mark : ' '.repeat(columns(mark))}${part}`)}`);
        });
      });
    }
  }

  /** Before on the left, after on the right. */
  besides(): void {
    const { lines, chalk, width, glyph, context } = this.#page;
    const cell = Math.floor((width - 7) / 2);
    const shown = this.#items.flatMap(({ row }) => row ?? []);
    const nodes = shown.flatMap(({ before, after }) => [before, after].flatMap((node) => node ?? []));
    const text = (value: number | undefined, format: (value: number) => string) =>
      value === undefined ? '' : format(value);
    const size = (head: string, texts: readonly string[]) => Math.max(head.length, ...texts.map(columns)) + 2;
    const sizes = {
      rows: size(
        'rows',
        nodes.map((node) => text(node.planRows, rough)),
      ),
      cost: size(
        'cost',
        nodes.map((node) => text(node.totalCost, cost)),
      ),
    };
    const room = cell - sizes.rows - sizes.cost;
    const heads = padStart('rows', sizes.rows) + padStart('cost', sizes.cost);
    const put = (mark: string, left: string, right: string, style: Style, other: Style = style) => {
      const bar = chalk.dim(` ${glyph.bar} `);
      lines.push(`  ${style(mark)} ${style(padEnd(left, cell))}${bar}${other(right)}`);
    };
    lines.push(chalk.dim(`  ${this.#options.title}`));
    lines.push(chalk.dim(`    ${padEnd('before', room)}${heads} ${glyph.bar} ${padEnd('after', room)}${heads}`));
    for (const item of this.#items) {
      const { row, stem, below } = item;
      if (row === undefined) {
        const hidden = `${stem}${hiddenWords(item, glyph.more)}`;
        put(' ', hidden, hidden, chalk.dim);
        continue;
      }
      const style = this.#style(row);
      const draw = (node: PlanNode | undefined, lead = '') => {
        if (node === undefined) return [];
        const numbers =
          padStart(text(node.planRows, rough), sizes.rows) + padStart(text(node.totalCost, cost), sizes.cost);
        return wrap(lead + words(node), Math.max(8, room - columns(stem))).map((part, index) =>
          index === 0 ? padEnd(stem + part, room) + (lead === '' ? numbers : '') : below + part,
        );
      };
      const fields = (side: 'before' | 'after') => {
        const alone = row.change === 'added' || row.change === 'removed';
        const node = row[side];
        const texts = alone
          ? node === undefined
            ? []
            : conditionsOf(node)
          : shownFields(row).flatMap((field) =>
              field[side] === undefined ? [] : `${field.field}: ${inline(field[side])}`,
            );
        return texts.flatMap((one) => {
          const left = Math.max(12, cell - columns(below) - 2);
          const all = wrap(one, left);
          const clipped = clipLines(all, context.verbose ? all.length : fullLines, left, glyph.more);
          return clipped.map((part, index) => below + (index === 0 ? part : `  ${part}`));
        });
      };
      const isLeft = row.change === 'left';
      const left = isLeft ? draw(row.before, 'was here: ') : [...draw(row.before), ...fields('before')];
      const right = isLeft ? [] : [...draw(row.after), ...fields('after')];
      const differ = row.change === 'changed' || row.change === 'moved';
      const styles: [Style, Style] = differ && this.#isWorse(row) ? [plain, chalk.red.bold] : [style, style];
      for (let line = 0; line < Math.max(left.length, right.length); line++) {
        put(line === 0 ? this.#mark(row) : ' ', left[line] ?? '', right[line] ?? '', ...styles);
      }
      const measured = row.before && row.after && !isLeft && measuredWords(row.before, row.after, glyph.arrow);
      if (measured !== undefined && measured !== false) {
        for (const part of wrap(`Actual: ${measured}`, width - 4 - columns(below))) {
          lines.push(`    ${chalk.dim(below + part)}`);
        }
      }
    }
  }

  #mark({ change }: Row): string {
    return marks[change];
  }

  #isWorse({ after, change }: Row): boolean {
    return change !== 'left' && after !== undefined && this.#options.worse.has(after.path);
  }

  #style(row: Row): Style {
    const { chalk } = this.#page;
    if (this.#isWorse(row)) return chalk.red.bold;
    const styles: Readonly<Record<AlignedNode['change'] | 'left', Style>> = {
      same: plain,
      changed: chalk.yellow,
      moved: chalk.cyan,
      added: chalk.green,
      removed: chalk.red,
      left: chalk.dim,
    };
    return styles[row.change];
  }
}

const price = (value: number) => (value < 999.995 ? cost(value) : rough(value));
