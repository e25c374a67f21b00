// Node loads the command's modules one by one, which took longer than many a command itself: it is bundled. Threads and
// the library use the modules as they are.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** Packages whose files are many and small; every other one stays where it is installed. */
const PACKAGES = ['commander', 'yaml'];

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const { dependencies } = JSON.parse(readFileSync(path('package.json'), 'utf8'));
const left = Object.keys(dependencies).filter((name) => !PACKAGES.includes(name));

rmSync(path('dist/command'), { recursive: true, force: true });
const bundle = await rolldown({
  input: { run: path('dist/cli/run.js') },
  platform: 'node',
  external: (id) => left.some((name) => id === name || id.startsWith(`${name}/`)),
  checks: { ineffectiveDynamicImport: false },
});
await bundle.write({
  dir: path('dist/command'),
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();

for (const asset of ['page.css', 'client.js']) {
  copyFileSync(path(`dist/report/html/${asset}`), path(`dist/command/${asset}`));
}
const licenses = PACKAGES.map((name) => `${name}\n\n${readFileSync(path(`node_modules/${name}/LICENSE`), 'utf8')}`);
writeFileSync(path('dist/command/LICENSES.txt'), `What is bundled here of other packages:\n\n${licenses.join('\n')}`);
