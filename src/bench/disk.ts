import { lstatSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mark } from './mark.js';
import { check, idleIn } from './reference.js';
import type { Settings } from './settings.js';

const sizes = { '10 MB': 10e6, '10 TB': 10e12 };
const page = 8192;

/** The disk that replicas take which claim little and much. */
export async function measureDisk({ directory }: Settings): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  for (const [name, bytes] of Object.entries(sizes)) {
    const folder = join(directory, `disk-${bytes}`);
    await mkdir(folder);
    const suite = await writeSuite(folder, Math.ceil(bytes / page));
    const cache = join(folder, 'cache');
    await check(cache, suite);
    const [data = ''] = idleIn(cache, 'replica');
    const used = diskOf(data, 'allocated');
    const claimed = diskOf(data, 'claimed');
    const least = bytes * 0.99;
    if (claimed < least) throw new Error(`A replica of ${name} claims ${claimed} bytes only.`);
    marks.push({
      name: `disk of a replica that claims ${name}`,
      measured: used / 1e6,
      most: 60,
      unit: 'MB',
      from: `blocks allocated to its files, which claim ${(claimed / 1e9).toFixed(3)} GB`,
    });
  }
  return marks;
}

async function writeSuite(folder: string, pages: number): Promise<string> {
  const rows = pages * 60;
  const statistics = {
    format: 'plan-guard statistics',
    version: 1,
    origin: 'Sizes claimed by the benchmark',
    server_version: '18.0',
    tables: {
      'public.events': {
        relpages: pages,
        reltuples: rows,
        relallvisible: pages,
        columns: { id: { null_frac: 0, avg_width: 8, n_distinct: -1, correlation: 1 } },
        indexes: { events_pkey: { relpages: Math.ceil(pages / 5), reltuples: rows, relallvisible: 0 } },
      },
    },
  };
  const suite = {
    name: 'disk',
    schema: ['schema.sql'],
    statistics: { claimed: 'statistics.json' },
    protect: ['events'],
    queries: [{ file: 'query.sql' }],
  };
  const files = {
    'schema.sql': 'CREATE TABLE events (id bigint PRIMARY KEY, body text);',
    'query.sql': '-- name: one\nSELECT body FROM events WHERE id = 17;',
    'statistics.json': JSON.stringify(statistics),
    'plan-guard.yaml': JSON.stringify(suite),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return join(folder, 'plan-guard.yaml');
}

/** Bytes of a folder's files; `stat` counts allocated blocks in units of 512 bytes. */
function diskOf(folder: string, what: 'allocated' | 'claimed'): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => lstatSync(join(entry.parentPath, entry.name)))
    .reduce((sum, { blocks, size }) => sum + (what === 'allocated' ? blocks * 512 : size), 0);
}
