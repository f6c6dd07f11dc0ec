/** The library says no types of its own. */
declare module 'snappyjs' {
  export function compress(data: Uint8Array): Uint8Array
  /** Throws on what is no snappy, and on more than `maxBytes`. */
  export function uncompress(data: Uint8Array, maxBytes?: number): Uint8Array
}
