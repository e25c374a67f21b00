declare module 'pg/lib/utils.js' {
  const utils: {
    /** The text that `pg` sends for a value; a Buffer stays one. */
    prepareValue(value: unknown): string | Buffer | null;
  };
  export default utils;
}
