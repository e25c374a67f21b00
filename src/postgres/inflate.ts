import { chownSync, closeSync, fchownSync, ftruncateSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { claimedTree, PAGE_SIZE, visibilityMap } from './btree.js';

/** Pages of one file of a relation (`RELSEG_SIZE`): 1 GiB. */
export const SEGMENT_PAGES = 131_072;

export interface InflatedRelation {
  /** Path of the first segment below the data directory, as `pg_relation_filepath` gives it. */
  readonly path: string;
  /** Size to claim, in pages; 0: the table is empty. */
  readonly pages: number;
  /** Height of a B-tree to claim; undefined for every other relation. */
  readonly height: number | undefined;
  /** The first and the last entry of a B-tree, as index tuples in its order, where they are known. */
  readonly ends?: readonly Uint8Array[];
  /** Set for the table of such a B-tree: the visibility map calls its first page all-visible. */
  readonly visible?: true;
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
    if (isPlanted(relation)) plantTree(join(dataDirectory, relation.path), relation);
    for (const { path, bytes } of segmentsOf(relation)) resize(join(dataDirectory, path), bytes, owner);
    if (relation.visible === true) {
      const map = join(dataDirectory, visibilityMapOf(relation));
      writeFileSync(map, visibilityMap());
      if (owner !== undefined) chownSync(map, owner.uid, owner.gid);
    }
  }
}

/** The files of a relation and their sizes. */
export function segmentsOf({ path, pages }: InflatedRelation): { readonly path: string; readonly bytes: number }[] {
  const segments = [{ path, bytes: Math.min(pages, SEGMENT_PAGES) * PAGE_SIZE }];
  for (let segment = 1; segment * SEGMENT_PAGES < pages; segment += 1) {
    const rest = Math.min(pages - segment * SEGMENT_PAGES, SEGMENT_PAGES);
    segments.push({ path: `${path}.${segment}`, bytes: rest * PAGE_SIZE });
  }
  return segments;
}

/** Path of a table's visibility map, which has its name with a suffix (`forkNames` in src/common/relpath.c). */
export function visibilityMapOf({ path }: InflatedRelation): string {
  return `${path}_vm`;
}

export function isPlanted(relation: InflatedRelation): relation is InflatedRelation & { readonly height: number } {
  return relation.height !== undefined && relation.pages > 0;
}

/** The first pages of a B-tree that claims its height. The metapage is one of the pages, and each level takes one. */
export function treeOf(metapage: Uint8Array, { height, pages, ends }: InflatedRelation & { readonly height: number }) {
  return claimedTree(metapage, pages === 1 ? undefined : Math.min(height, pages - 2), ends);
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

function plantTree(file: string, relation: InflatedRelation & { readonly height: number }): void {
  const descriptor = openSync(file, 'r+');
  try {
    const metapage = new Uint8Array(PAGE_SIZE);
    readSync(descriptor, metapage, 0, PAGE_SIZE, 0);
    const tree = treeOf(metapage, relation);
    writeSync(descriptor, tree, 0, tree.length, 0);
  } finally {
    closeSync(descriptor);
  }
}
