/** Size of a page of every PostgreSQL build that is supported (`BLCKSZ`). */
export const PAGE_SIZE = 8192;

const PAGE_HEADER = 24;
const LINE_POINTER = 4;
const BTREE_OPAQUE = 16;
const SPECIAL = PAGE_SIZE - BTREE_OPAQUE;
const PAGE_VERSION = 4;
const BTREE_MAGIC = 0x053162;
const LEAF = 1;
const ROOT = 2;
const LP_NORMAL = 1;
const INDEX_TUPLE_HEADER = 8;
const INDEX_ALT_TID_MASK = 0x2000;

/** Offsets in the metapage (`BTMetaPageData` in src/include/access/nbtree.h) after the page header. */
const META = { magic: 0, root: 8, level: 12, fastRoot: 16, fastLevel: 20 } as const;

/**
 * The pages that make an empty B-tree look `height` levels high: the given metapage with its root moved to
 * block 1, one inner page per level whose only downlink is minus infinity, and an empty leaf. PostgreSQL's
 * planner charges for the descent by the height that the metapage states.
 *
 * Layouts: src/include/storage/bufpage.h, src/include/access/itup.h, src/include/access/nbtree.h. The pages
 * carry no checksum, so the cluster must have been made without data checksums.
 *
 * @param metapage block 0 of the empty index, as CREATE INDEX wrote it
 * @param height levels above the leaves; 0 makes the root a leaf; undefined: the tree has no page but its metapage
 * @returns blocks 0 to `height` + 1
 */
export function emptyTree(metapage: Uint8Array, height: number | undefined): Uint8Array {
  const root = height === undefined ? 0 : 1;
  const level = height ?? 0;
  const pages = new Uint8Array((1 + root + level) * PAGE_SIZE);
  pages.set(metapage.subarray(0, PAGE_SIZE));
  const meta = new DataView(pages.buffer, PAGE_HEADER);
  if (meta.getUint32(META.magic, true) !== BTREE_MAGIC) throw new Error('block 0 is not a B-tree metapage');
  meta.setUint32(META.root, root, true);
  meta.setUint32(META.level, level, true);
  meta.setUint32(META.fastRoot, root, true);
  meta.setUint32(META.fastLevel, level, true);
  if (height === undefined) return pages;
  for (let block = 1; block <= height + 1; block += 1) {
    const page = new DataView(pages.buffer, block * PAGE_SIZE, PAGE_SIZE);
    writePage(page, height + 1 - block, block === 1, block + 1);
  }
  return pages;
}

function writePage(page: DataView, level: number, isRoot: boolean, child: number): void {
  const isLeaf = level === 0;
  const lower = isLeaf ? PAGE_HEADER : PAGE_HEADER + LINE_POINTER;
  const upper = isLeaf ? SPECIAL : SPECIAL - INDEX_TUPLE_HEADER;
  page.setUint16(12, lower, true);
  page.setUint16(14, upper, true);
  page.setUint16(16, SPECIAL, true);
  page.setUint16(18, PAGE_SIZE | PAGE_VERSION, true);
  if (!isLeaf) {
    page.setUint32(PAGE_HEADER, upper | (LP_NORMAL << 15) | (INDEX_TUPLE_HEADER << 17), true);
    page.setUint16(upper, child >>> 16, true);
    page.setUint16(upper + 2, child & 0xffff, true);
    page.setUint16(upper + 4, 0, true);
    page.setUint16(upper + 6, INDEX_TUPLE_HEADER | INDEX_ALT_TID_MASK, true);
  }
  page.setUint32(SPECIAL + 8, level, true);
  page.setUint16(SPECIAL + 12, (isLeaf ? LEAF : 0) | (isRoot ? ROOT : 0), true);
}
