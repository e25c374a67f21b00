import { closeSync, fchownSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { emptyTree, PAGE_SIZE } from './btree.js';

/** Pages of one file of a relation (`RELSEG_SIZE`): 1 GiB. */
export const SEGMENT_PAGES = 131_072;

export interface InflatedRelation {
  /** Path of the first segment below the data directory, as `pg_relation_filepath` gives it. */
  readonly path: string;
  /** Size to claim, in pages; 0: the table is empty. */
  readonly pages: number;
  /** Height of a B-tree to claim; undefined for every other relation. */
  readonly height: number | undefined;
}

/**
 * Gives the files of a stopped cluster the claimed sizes of their relations. The added tails are holes: they take no
 * disk space, and pages of zeros are valid new pages to PostgreSQL. The limit is that of `pg_class.relpages`, a signed
 * integer of 32 bits: 2^31 - 1 pages, 16 TiB less a page, for one relation.
 * @param owner who the server runs as, where that is not this process's user: a segment that the server cannot open
 *   makes the relation shorter, without an error
 */
export function inflate(
  dataDirectory: string,
  relations: readonly InflatedRelation[],
  owner?: { readonly uid: number; readonly gid: number },
): void {
  for (const relation of relations) {
    const first = join(dataDirectory, relation.path);
    if (relation.height !== undefined && relation.pages > 0) plantTree(first, relation.height, relation.pages);
    resize(first, Math.min(relation.pages, SEGMENT_PAGES) * PAGE_SIZE, owner);
    for (let segment = 1; segment * SEGMENT_PAGES < relation.pages; segment += 1) {
      const pages = Math.min(relation.pages - segment * SEGMENT_PAGES, SEGMENT_PAGES);
      resize(`${first}.${segment}`, pages * PAGE_SIZE, owner);
    }
  }
}

function resize(file: string, bytes: number, owner?: { readonly uid: number; readonly gid: number }): void {
  const descriptor = openSync(file, 'a');
  try {
    ftruncateSync(descriptor, bytes);
    if (owner !== undefined) fchownSync(descriptor, owner.uid, owner.gid);
  } finally {
    closeSync(descriptor);
  }
}

function plantTree(file: string, height: number, pages: number): void {
  const descriptor = openSync(file, 'r+');
  try {
    const metapage = new Uint8Array(PAGE_SIZE);
    readSync(descriptor, metapage, 0, PAGE_SIZE, 0);
    // The metapage is one of the pages, and each level takes one.
    const tree = emptyTree(metapage, pages === 1 ? undefined : Math.min(height, pages - 2));
    writeSync(descriptor, tree, 0, tree.length, 0);
  } finally {
    closeSync(descriptor);
  }
}
