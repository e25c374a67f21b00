import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { emptyTree, PAGE_SIZE } from './btree.js';

/** Pages of one file of a relation (`RELSEG_SIZE`): 1 GiB. */
export const SEGMENT_PAGES = 131_072;

export interface InflatedRelation {
  /** Path of the first segment below the data directory, as `pg_relation_filepath` gives it. */
  readonly path: string;
  /** Size to claim, in pages. */
  readonly pages: number;
  /** Height of a B-tree to claim; undefined for every other relation. */
  readonly height: number | undefined;
}

/**
 * Extends the files of a stopped cluster so that its relations have the claimed sizes. The added tails are
 * holes: they take no disk space, and pages of zeros are valid new pages to PostgreSQL.
 */
export function inflate(dataDirectory: string, relations: readonly InflatedRelation[]): void {
  for (const relation of relations) {
    const first = join(dataDirectory, relation.path);
    if (relation.height !== undefined && relation.pages > 1) plantTree(first, relation.height, relation.pages);
    let left = relation.pages;
    for (let segment = 0; left > 0; segment += 1) {
      const pages = Math.min(left, SEGMENT_PAGES);
      extend(segment === 0 ? first : `${first}.${segment}`, pages * PAGE_SIZE);
      left -= pages;
    }
  }
}

function extend(file: string, bytes: number): void {
  const descriptor = openSync(file, 'a');
  try {
    ftruncateSync(descriptor, bytes);
  } finally {
    closeSync(descriptor);
  }
}

function plantTree(file: string, height: number, pages: number): void {
  const descriptor = openSync(file, 'r+');
  try {
    const metapage = new Uint8Array(PAGE_SIZE);
    readSync(descriptor, metapage, 0, PAGE_SIZE, 0);
    const tree = emptyTree(metapage, Math.min(height, pages - 2));
    writeSync(descriptor, tree, 0, tree.length, 0);
  } finally {
    closeSync(descriptor);
  }
}
