// tsc leaves JSON alone; the schemas are published beside the code that they describe.
import { copyFileSync } from 'node:fs';

for (const schema of ['suite/suite.schema.json', 'report/report.schema.json', 'statistics/statistics.schema.json']) {
  copyFileSync(new URL(`../src/${schema}`, import.meta.url), new URL(`../dist/${schema}`, import.meta.url));
}
