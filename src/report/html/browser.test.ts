import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DiffReport } from '../diff-model.js';
import { hostile } from '../testing/hostile.js';
import { diffHtml } from './diff.js';
import { explainHtml } from './explain.js';
import { openBrowser } from './testing/browser.js';
import {
  closeClipboard,
  colors,
  contrasts,
  focusedLine,
  focusRing,
  foreign,
  readClipboard,
  tooWide,
  unseen,
  violations,
} from './testing/in-page.js';
import { bounded, cause, compared, every, incident, join, raw, report, side, whole } from './testing/reports.js';

const opened = await openBrowser();
const context = { version: '0.1.0' };
let folder = '';

/** What a page asked for, and what went wrong in it, besides its own document. */
interface Watched {
  readonly page: Page;
  readonly requests: string[];
  readonly errors: string[];
}

const closing: (() => Promise<void>)[] = [];

async function show(html: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const file = joinPath(folder, 'page.html');
  await writeFile(file, html);
  const url = pathToFileURL(file).href;
  const browsing = await opened?.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  if (browsing === undefined) throw new Error('No Chromium.');
  closing.push(() => browsing.close());
  const page = await browsing.newPage();
  const requests: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== url) requests.push(request.url());
  });
  page.on('console', (message) => errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('dialog', (dialog) => {
    errors.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, requests, errors };
}

const showDiff = (content: DiffReport, options?: BrowserContextOptions) => show(diffHtml(content, context), options);

/** The texts of the elements that are shown. */
async function shown(page: Page, selector: string): Promise<string[]> {
  const texts = await page.locator(selector).filter({ visible: true }).allInnerTexts();
  return texts.map((text) => text.replace(/\s+/g, ' ').trim());
}

const item = (page: Page, index = 0) => page.locator('.row > summary').nth(index);
const focused = async (page: Page) => (await page.evaluate(focusedLine))?.replace(/.*n/, '');

describe.skipIf(opened === undefined)(`in Chromium${opened === undefined ? ' (skipped: no Chromium)' : ''}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(joinPath(tmpdir(), 'plan-guard-html-'));
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  afterAll(async () => {
    await opened?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('is read without a script', async () => {
    const { page, errors, requests } = await showDiff(every(), { javaScriptEnabled: false });
    expect(await shown(page, 'h1')).toEqual(['7 of 10 plans differ, in 5 ways']);
    const answers = await shown(page, '.entry > h2');
    expect(answers).toHaveLength(6);
    expect(answers[0]).toMatch(/tracks t: bounded by track_owner_id_idx → whole table \(parallel\).*7 → 100,003 rows/);
    expect(await shown(page, '.cause')).toEqual([`Cause the query. ${cause.why} Next ${cause.next}`]);
    expect(await shown(page, '#e1 .item[open] .side.after .name')).toEqual([
      'Limit',
      'Gather Merge',
      'Sort',
      'Parallel Seq Scan on tracks t',
      '[SubPlan 1] Index Only Scan using track_collaborators_idx on track_collaborators tc',
    ]);
    expect((await shown(page, '#e1 pre'))[1]).toContain('OR t.track_id IN (SELECT tc.track_id');
    expect(await shown(page, 'button, input, select')).toEqual([]);
    await item(page).click();
    expect((await shown(page, '.facts'))[0]).toContain('Total Cost');
    expect([errors, requests]).toEqual([[], []]);
  });

  test('asks nothing of a network, and its policy allows nothing', async () => {
    const { page, errors, requests } = await showDiff(every());
    await page.locator('.theme').click();
    expect([errors, requests]).toEqual([[], []]);
    expect(await page.evaluate(violations)).toEqual(['img-src', 'script-src-elem', 'style-src-elem']);
  });

  test('shows one change at a time, and leads to the others', async () => {
    const { page } = await showDiff(every());
    expect(await shown(page, '.entry .about')).toEqual(['~ changed 3 plans of profile']);
    const abouts = () => expect.poll(() => shown(page, '.entry .about'));
    await page.locator('.overview a', { hasText: 'new query' }).click();
    await abouts().toEqual(['+ added new query']);
    expect(await page.locator('.overview [aria-current]').count()).toBe(1);
    await page.goBack();
    await abouts().toEqual(['~ changed 3 plans of profile']);
    await page.locator('.rest > summary').click();
    await page.locator('.rest a').click();
    await abouts().toEqual(['= same 3 plans of tracks of a user']);
    const second = page.locator('#e1');
    await page.goto(`${page.url().replace(/#.*/, '')}#e1`);
    await abouts().toEqual(['~ changed 3 plans of profile']);
    await second.locator('.item > summary').nth(1).click();
    expect((await shown(page, '#e1 .item[open] > summary .what')).at(-1)).toBe(
      'profile, user-1002, incident-day, custom',
    );
    expect(await second.locator('.item').nth(1).locator('.tree').isVisible()).toBe(true);
  });

  test('plans that several cases have are shown once, and led to', async () => {
    const { page } = await showDiff(every());
    await page.locator('select[name=mode]').selectOption('generic');
    expect(await shown(page, '#e1 .item')).toEqual([
      'profile, user-1001, year-later, generic cost 21.00 → 400,013 × 19,048 the same plans',
    ]);
    await page.getByText('the same plans').click();
    await expect.poll(() => shown(page, '#e1 .tree')).toHaveLength(1);
  });

  test('filters by text, kind, statistics and mode', async () => {
    const { page } = await showDiff(every());
    const answers = () => shown(page, '.overview li');
    await page.keyboard.press('/');
    await page.keyboard.type('collaborators 1002');
    expect(await answers()).toHaveLength(1);
    expect(await shown(page, '#e1 .what')).toEqual(['profile, user-1002, incident-day, custom']);
    expect(await shown(page, 'output')).toEqual(['1 of 10 plans']);
    await page.keyboard.press('Escape');
    expect(await answers()).toHaveLength(5);
    await page.locator('select[name=statistics]').selectOption('year-later');
    expect(await shown(page, '#e1 .what')).toEqual(['profile, user-1001, year-later, generic']);
    await page.locator('select[name=mode]').selectOption('custom');
    expect(await answers()).toEqual([]);
    expect(await shown(page, '.overview > p')).toEqual(['Nothing matches the filter.']);
    await page.locator('select[name=mode]').selectOption('');
    await page.locator('select[name=statistics]').selectOption('');
    await page.locator('select[name=kind]').selectOption('dearer');
    expect(await shown(page, '.entry .about')).toEqual(['↗ dearer label, label, incident-day, custom']);
    await page.locator('select[name=kind]').selectOption('same');
    expect(await shown(page, '.overview li')).toHaveLength(1);
    expect(await shown(page, '.entry .about')).toEqual(['= same 3 plans of tracks of a user']);
  });

  test('trees are walked, collapsed and opened by keyboard', async () => {
    const { page } = await showDiff(report([incident()]));
    await expect(page.locator('[role=tree] [role=treeitem]').count()).resolves.toBe(5);
    await item(page).focus();
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe('1');
    await page.keyboard.press('End');
    expect(await focused(page)).toBe('4');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await item(page, 3).getAttribute('aria-expanded')).toBe('false');
    expect(await shown(page, '.row')).toHaveLength(4);
    expect((await shown(page, '.row'))[3]).toContain('tracks t');
    await page.keyboard.press('ArrowLeft');
    expect(await focused(page)).toBe('2');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    expect(await shown(page, '.row')).toHaveLength(1);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toBe('1');
    await page.keyboard.press('Enter');
    expect((await shown(page, '.facts'))[0]).toContain('Workers Planned 2');
    await page.keyboard.press('Enter');
    expect(await shown(page, '.facts')).toEqual([]);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBeUndefined();
    const ring = await page.evaluate(focusRing);
    expect(ring).toBe('solid');
  });

  test('collapses and expands by mouse, and shows changes alone', async () => {
    const wrapped = (owner: number) => ({ ...bounded(owner), 'Node Type': 'Append' });
    const two = (one: unknown) => ({ ...bounded(1), 'Node Type': 'Append', Plans: [wrapped(1), one] });
    const { page } = await showDiff(
      report([compared('q', 's', side(two(wrapped(2)), 'a'), side(two(wrapped(3)), 'b'))]),
    );
    const all = (await shown(page, '.row')).length;
    await page.getByLabel('only changes').check();
    const changes = await shown(page, '.row');
    expect(changes.length).toBeLessThan(all);
    expect(changes.at(-1)).toMatch(/^~ changed .*owner_id = 2\).*owner_id = 3\)/);
    expect(changes.filter((row) => row.includes('changed'))).toHaveLength(1);
    await page.getByLabel('only changes').uncheck();
    await page.getByRole('button', { name: 'Collapse all' }).click();
    expect(await shown(page, '.row')).toHaveLength(3);
    await page.getByRole('button', { name: 'Expand all' }).click();
    expect(await shown(page, '.row')).toHaveLength(all);
    await page.locator('.twist').filter({ visible: true }).first().click();
    expect(await shown(page, '.row')).toHaveLength(1);
    expect(await shown(page, '.facts')).toEqual([]);
  });

  test('a moved node leads to where it was, and back', async () => {
    const { page } = await showDiff(report([compared('q', 's', side(join(false), 'a'), side(join(true), 'b'))]));
    const moved = page.locator('.row.moved', { hasText: 'tracks' });
    await moved.hover();
    expect(await shown(page, '.row.pointed .name')).toEqual(['Seq Scan on tracks']);
    expect(await page.locator('.row.pointed').getAttribute('class')).toContain('left');
    await page.getByRole('button', { name: 'Collapse all' }).click();
    await page.getByRole('button', { name: 'Expand all' }).click();
    await page.locator('.row.left', { hasText: 'tracks' }).locator('a').click();
    await expect.poll(() => focused(page)).toBe((await moved.getAttribute('id'))?.replace(/.*n/, ''));
  });

  test('copies what stands in the page', async () => {
    const { page } = await showDiff(report([incident()]), { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('.raw > summary').click();
    await page.locator('.raw .copy').first().click();
    await page.getByText('Copied').waitFor();
    expect(JSON.parse(await page.evaluate(readClipboard))).toEqual([{ Plan: bounded(1001) }]);
  });

  test('copies where the clipboard is closed to it', async () => {
    const { page } = await showDiff(report([incident()]));
    await page.evaluate(closeClipboard);
    await page.locator('.inputs .copy').first().click();
    await page.getByText('Copied').waitFor();
    const copied = await page.locator('body').getAttribute('data-copied');
    expect(copied?.trim()).toBe(incident().before?.inputs.statement);
  });

  test('text is text, whatever it holds', async () => {
    const evil = `${hostile}<!-- </script><script>owned()</script> --> <img src=x onerror=owned()> </pre></style>`;
    const plan = (text: string) => ({
      ...bounded(1),
      'Node Type': text,
      Filter: text,
      Alias: text,
      'Index Name': text,
    });
    const one = compared(evil, evil, side(plan(evil), evil), side(plan(`${evil}!`), evil, { statement: evil }), {
      statistics: evil,
      cause: { inputs: [], why: evil, next: evil },
    });
    const findings = { rule: evil, message: evil, cause: undefined };
    const explained = { name: evil, side: side(plan(evil), evil), findings: [findings], doubts: [] };
    const pages = [
      diffHtml({ ...report([one, incident()]), before: evil, after: evil }, context),
      explainHtml({ version: 1, cases: [explained as never] }, context),
    ];
    for (const html of pages) {
      const { page, errors, requests } = await show(html);
      expect([errors, requests]).toEqual([[], []]);
      expect(await page.evaluate(foreign)).toEqual({
        elements: 0,
        scripts: 1,
        styles: 1,
        hasFooter: true,
        hasHandlers: false,
      });
      expect(await page.locator('h1, .about, .what, .name, pre').allTextContents()).toEqual(
        expect.arrayContaining([expect.stringContaining('<!-- </script><script>owned()</script> --> <img src=x')]),
      );
      expect((await page.locator('pre').allTextContents()).join('')).toMatch(/\\u202eevil|\\\\u202eevil/);
    }
  });

  test.each(['light', 'dark'] as const)('the %s colours can be told apart', async (colorScheme) => {
    const { page } = await showDiff(every(), { colorScheme, javaScriptEnabled: false });
    const found = await page.evaluate(contrasts);
    expect(found.weak).toEqual([]);
    expect(found.texts).toBeGreaterThan(200);
    expect(found.ground > 0.5).toBe(colorScheme === 'light');
  });

  test('the theme is the system’s until it is chosen', async () => {
    const { page } = await showDiff(report([incident()]), { colorScheme: 'dark' });
    const scheme = async () => (await page.evaluate(colors)).backgroundColor;
    const dark = await scheme();
    await page.locator('.theme').click();
    expect(await page.locator('.theme').innerText()).toBe('Theme: light');
    expect(await scheme()).not.toBe(dark);
    await page.locator('.theme').click();
    expect(await scheme()).toBe(dark);
  });

  test.each([true, false])('is printed whole, without controls (script: %s)', async (javaScriptEnabled) => {
    const { page } = await showDiff(every(), { javaScriptEnabled });
    if (javaScriptEnabled) await page.getByRole('button', { name: 'Collapse all' }).first().click();
    await page.emulateMedia({ media: 'print' });
    const hidden = await page.evaluate(unseen);
    expect(hidden).toEqual([]);
    expect(await shown(page, 'button, input, select, .skip')).toEqual([]);
    expect((await page.evaluate(colors)).colorScheme).toBe('light');
  });

  test.each([360, 800, 1920])('nothing is wider than a window of %i pixels', async (width) => {
    let [deep, changed] = [bounded(1), whole(1)];
    for (let level = 0; level < 60; level++) {
      deep = raw('Append', { 'Parent Relationship': 'Outer' }, deep);
      changed = raw('Append', { 'Parent Relationship': 'Outer' }, changed);
    }
    const nested = compared('nested', 'deep', side(deep, 'a'), side(changed, 'b'));
    const { comparisons } = every();
    const { page } = await showDiff(report([...comparisons, nested]), { viewport: { width, height: 800 } });
    for (const entry of await page.locator('.overview [data-entry]').all()) {
      const id = (await entry.getAttribute('data-entry')) ?? '';
      expect(await page.evaluate(tooWide, id)).toEqual([]);
    }
  });

  test('the skip link leads to the plans', async () => {
    const { page } = await showDiff(every());
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Skip to the plans');
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#plans');
  });

  test('shows plans that are not compared', async () => {
    const fault = { rule: 'protect', message: 'A Parallel Seq Scan reads all of tracks.', cause };
    const doubt = { kind: 'folded', message: 'The plan does not read the table.', next: 'Give it other values.' };
    const cases = [
      {
        name: 'profile, user-1',
        side: side(whole(1), 'q.sql'),
        findings: [fault, { ...fault, rule: 'no-seq-scan' }],
        doubts: [],
      },
      { name: 'profile, user-2', side: side(bounded(2), 'q.sql'), findings: [], doubts: [doubt] },
      { name: 'profile, user-3', side: side(bounded(3), 'q.sql'), findings: [], doubts: [] },
    ];
    const { page, errors } = await show(explainHtml({ version: 1, cases: cases as never }, context));
    expect(await shown(page, 'h1')).toEqual(['3 plans, 1 with faults, 1 unverified']);
    expect(await shown(page, '.entry h2')).toEqual([
      'tracks t: whole table (parallel); track_collaborators tc: bounded by track_collaborators_idx, cost 400,013.',
    ]);
    expect(await shown(page, '.cause')).toEqual([
      `protect ${fault.message} no-seq-scan ${fault.message} Cause ${cause.why} Next ${cause.next}`,
    ]);
    expect(await shown(page, '.row .name')).toHaveLength(5);
    await page.locator('select[name=kind]').selectOption('unverified');
    expect(await shown(page, '.entry h2')).toEqual(['tracks t: bounded by track_owner_id_idx, cost 21.00.']);
    expect(await shown(page, '.cause')).toEqual([`folded ${doubt.message} Next ${doubt.next}`]);
    expect(errors).toEqual([]);
  });
});
