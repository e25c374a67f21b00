import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const USUAL = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

export interface OpenBrowser {
  readonly browser: Browser;
  readonly close: () => Promise<void>;
}

/**
 * A headless Chromium: the one of devDependencies where it runs (Linux on x64 and arm64), else the one that
 * `CHROMIUM_PATH` names or that is installed; undefined where there is none. Whatever it writes is in a folder of its
 * own, which is removed with it, so that two processes may have one at once.
 */
export async function openBrowser(): Promise<OpenBrowser | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'plan-guard-chromium-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    for (const find of [unpacked, ...[process.env.CHROMIUM_PATH, ...USUAL].map((path) => () => installed(path))]) {
      const browser = await find().then(launch, () => undefined);
      if (browser === undefined) continue;
      return {
        browser,
        async close() {
          await browser.close();
          await rm(folder, { recursive: true, force: true });
        },
      };
    }
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  await rm(folder, { recursive: true, force: true });
  return undefined;
}

/** It unpacks itself into the folder of temporary files, as the environment names it at that moment. */
async function unpacked(): Promise<string> {
  if (process.platform !== 'linux') throw new Error('It is made for Linux.');
  const { default: packed } = await import('@sparticuz/chromium');
  return packed.executablePath();
}

async function installed(path: string | undefined): Promise<string> {
  if (path === undefined) throw new Error('None is named.');
  await access(path);
  return path;
}

async function launch(executablePath: string): Promise<Browser | undefined> {
  try {
    return await chromium.launch({ executablePath, args: ['--no-sandbox', '--no-zygote', '--disable-gpu'] });
  } catch {
    return undefined;
  }
}
