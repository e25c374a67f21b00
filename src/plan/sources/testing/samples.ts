import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plan, PlanFormat } from '../../model.js';
import { parsePlan } from '../../parse-json.js';
import { parseTextPlan } from '../../parse-text.js';

const FOLDER = fileURLToPath(new URL('./samples/', import.meta.url));

/** A committed sample: what psql 15 printed, or a server of major 15 or 18 logged. */
export function sample(name: string): string {
  return readFileSync(`${FOLDER}${name}`, 'utf8');
}

/** The samples of psql: the same two plans in many layouts. */
export const psqlSamples: readonly { readonly name: string; readonly format: PlanFormat }[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => ({ name, format: name.split('.')[1] as PlanFormat }));

/** Those two plans as one text each: text, or JSON. */
export const TEXTS: readonly string[] = sample('plans.text.txt').split(/(?<=\n)(?=Seq Scan)/);
export const JSONS: readonly string[] = sample('plans.json.txt').split(/(?<=\n\]\n)/);

/** Their trees, read from text or from JSON without any search. */
export function samplePlans(format: PlanFormat): Plan[] {
  if (format !== 'text') return JSONS.map((text) => parsePlan(text));
  return TEXTS.map((plan) => parseTextPlan(plan.split('\n').map((text, index) => ({ text, line: index + 1 }))));
}
