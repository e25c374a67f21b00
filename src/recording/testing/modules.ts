import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Modules stand where they find the packages of this repository, in a folder of their own. */
export class Modules {
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'plan-guard-modules-'));
  }

  /** @returns the path of the module */
  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The built package: threads run compiled code alone. */
export const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'dist');
