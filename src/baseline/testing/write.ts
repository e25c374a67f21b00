import { PlanGuardError } from '../../errors.js';
import { writeBaselines } from '../folder.js';

/** Writes into the folder that it is given: once, telling why it could not, or until it is killed. */
const [folder = '', mode] = process.argv.slice(2);

const files = (character: string) =>
  new Map(['a', 'b', 'c'].map((name) => [`${name}.plan`, `${character.repeat(200_000)}\n`]));

if (mode === 'once') {
  // What root may, no file mode forbids.
  if (process.getuid?.() === 0) process.setuid?.(65534);
  await writeBaselines(folder, files('x')).catch((error: unknown) => {
    if (!(error instanceof PlanGuardError)) throw error;
    const { code, message, hint, where } = error;
    console.log(JSON.stringify({ code, message, hint, where }));
  });
} else {
  for (let round = 0; ; round++) {
    await writeBaselines(folder, files(String.fromCharCode(97 + (round % 26))));
    if (round === 0) console.log('writing');
  }
}
