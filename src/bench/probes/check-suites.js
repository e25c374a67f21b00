// Checks suites again and again in one process that is warmed up, by turns, and prints the processor time of each in
// milliseconds, which other processes hardly change: `[[suite, repetitions], …]` in, `{ suite: [ms, …] }` out.
import { check } from '../../../dist/index.js';

const wanted = JSON.parse(process.argv[2]);
const times = Object.fromEntries(wanted.map(([suite]) => [suite, []]));
for (const [suite] of wanted) await check({ suites: [suite] });
const rounds = Math.max(...wanted.map(([, repetitions]) => repetitions));
for (let round = 0; round < rounds; round += 1) {
  for (const [suite, repetitions] of wanted) {
    if (round >= repetitions) continue;
    const started = process.cpuUsage();
    await check({ suites: [suite] });
    const { user, system } = process.cpuUsage(started);
    times[suite].push((user + system) / 1000);
  }
}
process.stdout.write(JSON.stringify(times));
