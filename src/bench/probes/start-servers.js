// What any program that uses a real server pays: starts one on each of the data directories that it is given, all at once,
// as plan-guard does it, and stops them. The first argument is the major version.
import { serverSettings } from '../../../dist/postgres/cluster.js';
import { startNativeServer } from '../../../dist/postgres/native.js';

const [version, ...directories] = process.argv.slice(2);
const settings = serverSettings(Number(version));
const start = (directory) => startNativeServer({ version: Number(version), directory, settings });
const servers = await Promise.all(directories.map(start));
await Promise.all(servers.map((server) => server.stop()));
