/** What a command ends with. */
export const EXIT = {
  /** Everything was judged, and nothing was found. */
  clean: 0,
  /** Findings, a known-bad query that was not caught, or something that could not be judged. */
  findings: 1,
  /** Bad input, nothing to check, an engine that failed, or an interruption. */
  couldNotRun: 2,
} as const;
