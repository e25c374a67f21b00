// What any program that uses PGlite pays: opens the data directory that it is given, as PGlite does it by itself, and
// closes it. An empty directory becomes a new cluster first.
import { PGlite } from '@electric-sql/pglite';

const database = await PGlite.create(process.argv[2]);
await database.close();
