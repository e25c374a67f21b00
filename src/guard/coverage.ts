import type { Catalog } from '../plan/model.js';
import { ancestorsOf, belongsTo, resolveTable } from '../plan/names.js';
import type { CaseReport, Notice, SuiteReport } from '../report/model.js';
import type { RuleSettings, Suite } from '../suite/model.js';
import { ruledNames } from './check-names.js';
import type { GuardedStatement } from './statements.js';

type Coverage = SuiteReport['coverage'][number];

/** Tables that rules speak of, for the queries that the rules hold for. */
interface Scope {
  /** Undefined: the rules of the suite, which hold for every query. */
  readonly entry: Suite['queries'][number] | undefined;
  readonly queries: ReadonlySet<string>;
  readonly tables: readonly string[];
}

/** What the plans of a suite reached of what its rules speak of. */
export class CoverageOf {
  readonly #suite: Suite;
  readonly #scopes: readonly Scope[];
  readonly #coverage: Coverage[] = [];
  readonly #cases: CaseReport[] = [];

  /** @param statements those that are judged */
  constructor(suite: Suite, statements: readonly GuardedStatement[], catalog: Catalog) {
    this.#suite = suite;
    const queriesOf = (entry: Scope['entry']) =>
      new Set(
        statements.filter((one) => entry === undefined || one.entry === entry).map((statement) => statement.query),
      );
    const scopes = [
      { entry: undefined, rules: suite.rules },
      ...suite.queries.map((entry) => ({ entry, rules: entry.rules })),
    ];
    this.#scopes = scopes.map(({ entry, rules }) => ({
      entry,
      queries: queriesOf(entry),
      tables: tablesOf(rules, catalog),
    }));
  }

  /** Adds the cases that were judged with one statistics set. */
  add(statistics: string, catalog: Catalog, cases: readonly CaseReport[]): void {
    this.#cases.push(...cases);
    for (const table of [...new Set(this.#scopes.flatMap(({ tables }) => tables))].sort()) {
      const facts = catalog.tables.get(table);
      const plans = cases.filter((one) => this.#isAsked(one, table) && touches(one, table)).length;
      this.#coverage.push({ table, rows: facts?.tuples ?? -1, pages: pagesOf(table, catalog), plans, statistics });
    }
  }

  get coverage(): readonly Coverage[] {
    return this.#coverage;
  }

  /** What was not checked although the suite looks as if it were. */
  notices(filtered: boolean): Notice[] {
    return [...(filtered ? this.#nothingTouched() : this.#untouchedTables()), ...this.#unaskedQueries()];
  }

  #isAsked({ query }: CaseReport, table: string): boolean {
    return this.#scopes.some(({ queries, tables }) => queries.has(query) && tables.includes(table));
  }

  #untouchedTables(): Notice[] {
    const reported = new Set<string>();
    return this.#scopes.flatMap(({ entry, queries, tables }) =>
      tables.flatMap((table): Notice[] => {
        const own = this.#cases.filter(({ query }) => queries.has(query));
        if (reported.has(table) || own.some((one) => touches(one, table))) return [];
        if (entry === undefined) reported.add(table);
        const [name] = queries;
        return [
          {
            ...this.#at(entry),
            level: 'unverified',
            message:
              entry === undefined
                ? `No plan touches ${table}, which a rule speaks of: nothing was checked.`
                : `No plan of ${name} touches ${table}, which its rules speak of: nothing was checked.`,
            next: 'Add a query that reads the table, or take it out of the rules.',
          },
        ];
      }),
    );
  }

  /** A part of a suite need not touch every table, but it must touch one. */
  #nothingTouched(): Notice[] {
    if (this.#coverage.some(({ plans }) => plans > 0)) return [];
    return [
      {
        ...this.#at(undefined),
        level: 'unverified',
        message: 'None of these plans touches a table that a rule speaks of: nothing was checked.',
        next: 'Filter for a query that reads such a table.',
      },
    ];
  }

  #unaskedQueries(): Notice[] {
    const tables = [...new Set(this.#coverage.map(({ table }) => table))];
    const asked = new Set(
      this.#cases
        .filter(
          (one) => one.verdict !== 'pass' || tables.some((table) => this.#isAsked(one, table) && touches(one, table)),
        )
        .map(({ query }) => query),
    );
    const unasked = [...new Set(this.#cases.map(({ query }) => query))].filter((query) => !asked.has(query));
    if (unasked.length === 0 || asked.size === 0) return [];
    const shown = unasked.slice(0, 5).join(', ');
    const names = unasked.length > 5 ? `${shown} and ${unasked.length - 5} more` : shown;
    return [
      {
        ...this.#at(undefined),
        level: 'warning',
        message: `No rule speaks of a table that ${unasked.length === 1 ? 'this query reads' : 'these queries read'}: ${names}. Nothing is checked about ${unasked.length === 1 ? 'it' : 'them'}.`,
        next: 'Name a table that it reads under "protect", or take the query out of the suite.',
      },
    ];
  }

  #at(entry: Scope['entry']): Pick<Notice, 'kind' | 'suite' | 'file' | 'line' | 'column'> {
    const { file = this.#suite.file, line = 1, column = 1 } = entry?.where ?? {};
    return { kind: 'note', suite: this.#suite.name, file, line, column };
  }
}

function tablesOf(rules: RuleSettings, catalog: Catalog): string[] {
  return [...new Set(ruledNames(rules).flatMap(({ table }) => resolveTable(table, catalog) ?? []))];
}

/** A partitioned table has no file of its own: it is as large as its partitions. */
function pagesOf(table: string, catalog: Catalog): number {
  const facts = catalog.tables.get(table);
  if (facts?.kind !== 'partitioned table') return facts?.pages ?? 0;
  const parts = [...catalog.tables].filter(([name]) => ancestorsOf(name, catalog).includes(table));
  return parts.reduce((sum, [, part]) => sum + (part.kind === 'partitioned table' ? 0 : part.pages), 0);
}

function touches({ accesses }: CaseReport, table: string): boolean {
  return accesses.some((access) => belongsTo(access, table));
}

/** A suite without a known-bad query may be green, and says so. */
export function biteNotice(suite: Suite): Notice[] {
  if (suite.knownBad.length > 0) return [];
  return [
    {
      kind: 'note',
      suite: suite.name,
      level: 'warning',
      message: 'The suite has no known-bad query: nothing proves that it bites.',
      next: 'Add a query that must fail under "known-bad", such as the one of your last incident.',
      file: suite.file,
      line: 1,
      column: 1,
    },
  ];
}
