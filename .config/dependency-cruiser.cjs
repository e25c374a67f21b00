/**
 * Which room may import from which, each rule with its reason. Imports of types leave no trace in the compiled code, so
 * `src` is held to what may be imported at all, and `dist` to what may be imported for more than its types.
 */

const room = (folder, names) => `^${folder}/(${names.join('|')})/`;
const tests = '(\\.test\\.ts$|/testing/|^src/(bench|fidelity)/)';

/** What each room may import beside itself and errors.ts. */
const rooms = {
  plan: { may: ['sql'], why: 'A plan is read from EXPLAIN’s output alone; names are quoted in one way.' },
  sql: { may: [], why: 'SQL is read without a server and without a suite.' },
  statistics: { may: ['sql'], why: 'Statistics are data, read from files and from dumps.' },
  suite: { may: ['sql'], why: 'A suite file is validated before anything runs.' },
  postgres: {
    may: ['statistics', 'sql'],
    types: ['plan', 'suite'],
    why: 'Servers plan; what the plans mean is decided elsewhere.',
  },
  recording: { may: ['postgres'], why: 'Recording runs code on a database that it is lent.' },
  rules: { may: ['plan'], types: ['suite'], why: 'Rules are pure: plans and settings in, findings out.' },
  cause: {
    may: ['plan'],
    types: ['sql', 'rules', 'report'],
    why: 'Causes are told from facts, without asking a server.',
  },
  baseline: { may: ['plan'], why: 'Approved plans are text and trees: no server, no suite.' },
  diff: { may: ['plan'], why: 'Two plans in, their difference out.' },
  report: {
    may: ['plan'],
    types: ['rules', 'suite', 'diff', 'baseline'],
    why: 'Reporters are pure functions of a report.',
  },
  reference: { may: [], types: [], why: 'The reference implementation stands on its own; a client is handed in.' },
  guard: {
    may: ['plan', 'sql', 'suite', 'statistics', 'postgres', 'recording', 'rules', 'cause', 'baseline', 'diff'],
    types: ['report'],
    why: 'The guard composes the stages and prints nothing.',
  },
  cli: {
    may: ['guard', 'report', 'suite', 'statistics'],
    why: 'The command line asks the guard and shows its report.',
  },
};

const imports = (suffix, folder, allowed) =>
  Object.entries(rooms).map(([name, facts]) => ({
    name: `${name}-${suffix}`,
    comment: facts.why,
    severity: 'error',
    from: { path: room(folder, [name]), pathNot: tests },
    to: { path: `^${folder}/`, pathNot: [room(folder, [name, ...allowed(facts)]), `^${folder}/errors\\.`] },
  }));

const only = (name, file, packages, why) => ({
  name,
  comment: why,
  severity: 'error',
  from: { path: '^dist/', pathNot: file },
  to: { path: `node_modules/(${packages})/` },
});

module.exports = {
  forbidden: [
    ...imports('imports', 'src', ({ may, types = [] }) => [...may, ...types]),
    ...imports('imports-for-more-than-types', 'dist', ({ may }) => may),
    only('one-parser', '^dist/sql/', 'pg-query-emscripten', 'The parser leaks; one place renews it.'),
    only('one-pglite', '^dist/postgres/', '@electric-sql/pglite', 'Engines stand behind one interface.'),
    {
      name: 'no-cycles',
      comment: 'A stage does not reach back.',
      severity: 'error',
      from: { path: '^dist/' },
      to: { circular: true },
    },
    {
      name: 'nothing-from-tests',
      comment: 'What is published must not need test code.',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { path: tests },
    },
    {
      name: 'declared-packages',
      comment: 'Everything that is used is installed by package.json.',
      severity: 'error',
      from: { path: '^dist/', pathNot: '^dist/postgres/native\\.js$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere fails at run time.',
      severity: 'error',
      from: { path: '^dist/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/(command/|.*\\.d\\.ts$)' },
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
