/** Every key of a suite file, by the kind of mapping it stands in. `suite.schema.json` describes the same ones. */
export const KEYS = {
  suite: [
    '$schema',
    'name',
    'postgres',
    'schema',
    'seed',
    'statistics',
    'protect',
    'rules',
    'defaults',
    'types',
    'scenarios',
    'queries',
    'known-bad',
    'unverified',
    'trusted-functions',
    'module-timeout',
    'max-age',
    'plans',
    'waivers',
  ],
  postgres: ['engine', 'version', 'binDir', 'image', 'locale', 'role', 'extensions', 'settings'],
  rules: ['protect', 'no-seq-scan', 'index-only', 'only-indexes'],
  indexOnly: ['table', 'index'],
  onlyIndexes: ['table', 'indexes'],
  query: ['name', 'file', 'module', 'export', 'scenarios', 'matrix', 'rules', 'types', 'parameters'],
  plans: ['folder', 'missing', 'changed', 'dearer', 'unused', 'edited', 'dearer-factor'],
  waiver: ['rule', 'query', 'statement', 'scenario', 'table', 'owner', 'reason', 'until'],
  /** What a plan can be found to be against the approved one. */
  changes: ['missing', 'changed', 'dearer'],
  knownBad: ['name', 'file', 'module', 'export', 'scenarios', 'matrix', 'rules', 'types', 'parameters', 'must-fail'],
} as const;

/** How many times the approved cost or rows a plan of the same shape may have where a suite does not say. */
export const DEFAULT_DEARER_FACTOR = 3;
