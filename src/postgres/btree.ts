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
/** `VISIBILITYMAP_ALL_VISIBLE` of the first block. */
const ALL_VISIBLE = 1;
const INDEX_TUPLE_HEADER = 8;
const INDEX_ALT_TID_MASK = 0x2000;
const INDEX_SIZE_MASK = 0x1fff;
const MAXIMUM_ALIGNMENT = 8;

/** Offsets in the metapage (`BTMetaPageData` in src/include/access/nbtree.h) after the page header. */
const META = { magic: 0, root: 8, level: 12, fastRoot: 16, fastLevel: 20 } as const;

/**
 * The pages that make a B-tree look `height` levels high: the given metapage with its root moved to block 1, one inner
 * page per level whose only downlink is minus infinity, and a leaf that holds nothing but the two ends of the index.
 * PostgreSQL's planner charges for the descent by the height that the metapage states.
 *
 * Layouts: src/include/storage/bufpage.h, src/include/access/itup.h, src/include/access/nbtree.h. The pages
 * carry no checksum, so the cluster must have been made without data checksums.
 *
 * @param metapage block 0 of the empty index, as CREATE INDEX wrote it
 * @param height levels above the leaves; 0 makes the root a leaf; undefined: the tree has no page but its metapage
 * @param ends the first and the last entry of the index, as index tuples in its order, where they are known. They point
 *   to the first rows of the table's first page.
 * @returns blocks 0 to `height` + 1
 */
export function claimedTree(
  metapage: Uint8Array,
  height: number | undefined,
  ends: readonly Uint8Array[] = [],
): Uint8Array {
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
  const leaf = height + 1;
  for (let block = 1; block <= leaf; block += 1) {
    const flags = (block === leaf ? LEAF : 0) | (block === 1 ? ROOT : 0);
    const tuples = block === leaf ? ends.map(pointingTo) : [downlinkTo(block + 1)];
    writePage(pages.subarray(block * PAGE_SIZE, (block + 1) * PAGE_SIZE), leaf - block, flags, tuples);
  }
  return pages;
}

/** The pivot tuple of minus infinity: a child and no key. */
function downlinkTo(child: number): Uint8Array {
  const tuple = new Uint8Array(INDEX_TUPLE_HEADER);
  const view = new DataView(tuple.buffer);
  view.setUint16(0, child >>> 16, true);
  view.setUint16(2, child & 0xffff, true);
  view.setUint16(6, INDEX_TUPLE_HEADER | INDEX_ALT_TID_MASK, true);
  return tuple;
}

/** The index tuple, of a row that stands at the given place in block 0. */
function pointingTo(tuple: Uint8Array, place: number): Uint8Array {
  const pointing = tuple.slice();
  const view = new DataView(pointing.buffer);
  view.setUint32(0, 0, true);
  view.setUint16(4, place + 1, true);
  return pointing;
}

function writePage(bytes: Uint8Array, level: number, flags: number, tuples: readonly Uint8Array[]): void {
  const page = new DataView(bytes.buffer, bytes.byteOffset, PAGE_SIZE);
  let upper = SPECIAL;
  for (const [index, tuple] of tuples.entries()) {
    upper -= Math.ceil(tuple.length / MAXIMUM_ALIGNMENT) * MAXIMUM_ALIGNMENT;
    bytes.set(tuple, upper);
    const pointer = upper | (LP_NORMAL << 15) | (tuple.length << 17);
    page.setUint32(PAGE_HEADER + index * LINE_POINTER, pointer, true);
  }
  writePageHeader(page, PAGE_HEADER + tuples.length * LINE_POINTER, upper, SPECIAL);
  page.setUint32(SPECIAL + 8, level, true);
  page.setUint16(SPECIAL + 12, flags, true);
}

function writePageHeader(page: DataView, lower: number, upper: number, special: number): void {
  page.setUint16(12, lower, true);
  page.setUint16(14, upper, true);
  page.setUint16(16, special, true);
  page.setUint16(18, PAGE_SIZE | PAGE_VERSION, true);
}

/**
 * The entries of a B-tree's file, by the place of their rows as PostgreSQL prints it: `(0,1)`. Layouts as in
 * {@link claimedTree}; the tree must not have been deduplicated.
 */
export function readEntries(file: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>();
  for (let start = PAGE_SIZE; start + PAGE_SIZE <= file.length; start += PAGE_SIZE) {
    const page = new DataView(file.buffer, file.byteOffset + start, PAGE_SIZE);
    if ((page.getUint16(SPECIAL + 12, true) & LEAF) === 0) continue;
    // A page with one to its right begins with its high key, which is no entry.
    const isRightmost = page.getUint32(SPECIAL + 4, true) === 0;
    const lower = page.getUint16(12, true);
    for (let at = PAGE_HEADER + (isRightmost ? 0 : LINE_POINTER); at < lower; at += LINE_POINTER) {
      const offset = page.getUint32(at, true) & 0x7fff;
      const block = page.getUint16(offset, true) * 0x10000 + page.getUint16(offset + 2, true);
      const size = page.getUint16(offset + 6, true) & INDEX_SIZE_MASK;
      const from = start + offset;
      entries.set(`(${block},${page.getUint16(offset + 4, true)})`, file.slice(from, from + size));
    }
  }
  return entries;
}

/**
 * The first page of a visibility map that calls the first page of its table all-visible, and no other. So the planner
 * takes an entry of an index for one of a row without looking at the table (`get_actual_variable_endpoint` in
 * src/backend/utils/adt/selfuncs.c). Layout: src/backend/access/heap/visibilitymap.c.
 */
export function visibilityMap(): Uint8Array {
  const bytes = new Uint8Array(PAGE_SIZE);
  writePageHeader(new DataView(bytes.buffer), PAGE_HEADER, PAGE_SIZE, PAGE_SIZE);
  bytes[PAGE_HEADER] = ALL_VISIBLE;
  return bytes;
}
