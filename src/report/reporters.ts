import type { Reporter } from './context.js';
import { github } from './github.js';
import { jsonReport } from './json.js';
import { pretty } from './pretty.js';

export type ReporterName = 'pretty' | 'json' | 'github';

/** Every reporter by the name that `--reporter` takes. */
export const reporters: Readonly<Record<ReporterName, Reporter>> = { pretty, json: jsonReport, github };
