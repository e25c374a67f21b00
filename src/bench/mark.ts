/** One line of the table. */
export interface Mark {
  readonly name: string;
  readonly measured: number;
  /** The most that is allowed; undefined where the number only informs. */
  readonly most: number | undefined;
  readonly unit: '×' | 's' | 'MB' | 'KB';
  /** The numbers that it was made of. */
  readonly from: string;
}

/** A ratio that is not above zero was drowned in noise: it proves nothing. */
export const isMissed = ({ measured, most }: Mark) => most !== undefined && !(measured > 0 && measured <= most);
