/** The part of pg-query-emscripten 5.1 that is used; the package ships no types. */
declare module 'pg-query-emscripten/pg_query_wasm.js' {
  export interface RawResult {
    /** JSON of libpg_query's protobuf: `{ version, stmts: [{ stmt, stmt_location, stmt_len }] }`. */
    readonly parse_tree: string;
    /** `message` is empty where there is no error; `cursorpos` counts characters (code points) from 1. */
    readonly error: { readonly message: string; readonly cursorpos: number };
  }

  export interface Instance {
    /** Copies bytes into the instance's memory: allocator 0 is its heap, 1 its stack. Gives their address. */
    allocate(bytes: Uint8Array, allocator: 0 | 1): number;
    _free(address: number): void;
    raw_parse(address: number): RawResult;
  }

  const load: () => Promise<Instance>;
  export default load;
}
