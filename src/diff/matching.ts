/** Which node of one plan is which of the other, by place in their trees; -1 where there is none. */
export class Matching {
  readonly ofBefore: Int32Array;
  readonly ofAfter: Int32Array;
  /** 1 for nodes of before that stand where they stood, among others of which that holds. */
  readonly inPlace: Uint8Array;

  constructor(before: number, after: number) {
    this.ofBefore = new Int32Array(before).fill(-1);
    this.ofAfter = new Int32Array(after).fill(-1);
    this.inPlace = new Uint8Array(before);
  }

  match(before: number, after: number): void {
    this.ofBefore[before] = after;
    this.ofAfter[after] = before;
  }

  /** The same matching, seen from the other plan. */
  swapped(): Matching {
    const other = new Matching(this.ofAfter.length, this.ofBefore.length);
    other.ofBefore.set(this.ofAfter);
    other.ofAfter.set(this.ofBefore);
    this.inPlace.forEach((inPlace, place) => {
      if (inPlace === 1) other.inPlace[this.ofBefore[place] as number] = 1;
    });
    return other;
  }
}
