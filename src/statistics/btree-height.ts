import { PlanGuardError } from '../errors.js';

/** Offset of BTMetaPageData in the page: MAXALIGN(SizeOfPageHeaderData), `storage/bufpage.h`. */
const metaOffset = 24;
/** BTREE_MAGIC, `access/nbtree.h`. */
const btreeMagic = 0x053162;

/**
 * Height of a B-tree as the planner takes it (`_bt_getrootheight`): the level of the fast root, 0 where it is a leaf.
 * @param page the index's block 0, whose layout is BTMetaPageData of `src/include/access/nbtree.h`
 * @throws {PlanGuardError} `statistics` where the page is no metapage of a B-tree
 */
export function readBtreeHeight(page: Uint8Array): number {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  // btm_magic, btm_version, btm_root, btm_level, btm_fastroot, btm_fastlevel: four bytes each.
  if (view.byteLength >= metaOffset + 24) {
    for (const littleEndian of [true, false]) {
      if (view.getUint32(metaOffset, littleEndian) === btreeMagic) return view.getUint32(metaOffset + 20, littleEndian);
    }
  }
  throw new PlanGuardError('statistics', 'The page is not the metapage of a B-tree', {
    hint: 'The first block (8192 bytes) of the file of a B-tree index is needed',
  });
}

/**
 * Estimates the height of a B-tree that was built by CREATE INDEX or grew by inserts: inner pages are about 70 % full
 * (BTREE_NONLEAF_FILLFACTOR, `access/nbtree.h`).
 * @param pages size of the index in pages of 8 KiB, the metapage included
 * @param keyWidth average width in bytes of the key columns up to the first that tells neighbours apart; inner pages
 *   keep no more (suffix truncation, `_bt_truncate` in nbtutils.c)
 */
export function estimateBtreeHeight(pages: number, keyWidth: number): number {
  const usable = 8192 - 24 - 16; // Page header and the B-tree's special space.
  const alignedKey = Math.ceil(keyWidth / 8) * 8;
  const pivot = 4 + 8 + alignedKey; // Line pointer and IndexTupleData, `access/itup.h`.
  const fanout = Math.max(2, Math.floor((usable * 0.7) / pivot));
  let height = 0;
  for (let nodes = pages - 1; nodes > 1; nodes = Math.ceil(nodes / fanout)) height += 1;
  return height;
}
