// tsc leaves JSON, CSS and the browser's script alone; they are published beside the code that they belong to.
import { copyFileSync } from 'node:fs';

for (const file of [
  'suite/suite.schema.json',
  'report/report.schema.json',
  'report/diff.schema.json',
  'statistics/statistics.schema.json',
  'report/html/page.css',
  'report/html/client.js',
]) {
  copyFileSync(new URL(`../src/${file}`, import.meta.url), new URL(`../dist/${file}`, import.meta.url));
}
