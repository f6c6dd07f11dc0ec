/**
 * A Bloom filter for substrings. Words would not do: what is searched may begin and end inside of one. So each run of
 * six characters (a gram) has a hash, one hash in four is sampled by its own value, and the sampled ones are marked in
 * a bit map. Whatever contains the needle contains the needle's grams, sampled by the same rule: no false negatives.
 * A needle without a sampled gram (most of fewer than eight characters) cannot be decided and passes.
 *
 * One hash function: with a map as full as ours (32 bits a line) a second one would add more noise than it removes.
 * Both texts must be folded (`fold`) before.
 */
const gramLength = 6
const sampleMask = 3
const base = 0x01000193
/** base to the power of gramLength, in 32 bits: takes the oldest character out of the rolling hash. */
const outgoing = Array.from({ length: gramLength }).reduce<number>((power) => Math.imul(power, base), 1)

/** Bits for so many lines: a power of two, so that a place is a mask of the hash whatever the size. */
function gramBits(lines: number): number {
  let bits = 512
  while (bits < lines * 32) bits *= 2
  return bits
}

function forEachGram(text: string, visit: (hash: number) => boolean): void {
  let hash = 0
  for (let at = 0; at < text.length; at++) {
    hash = (Math.imul(hash, base) + text.charCodeAt(at)) | 0
    if (at >= gramLength) hash = (hash - Math.imul(text.charCodeAt(at - gramLength), outgoing)) | 0
    else if (at < gramLength - 1) continue
    let mixed = hash ^ (hash >>> 16)
    mixed = Math.imul(mixed, 0x7feb352d)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x846ca68b)
    mixed ^= mixed >>> 16
    if ((mixed & sampleMask) === 0 && !visit(mixed >>> 2)) return
  }
}

/** The map of these lines, given folded. Bit `n` is bit `n % 8`, from the lowest, of byte `n / 8`. */
export function gramMap(foldedLines: readonly string[]): Buffer {
  const bits = gramBits(foldedLines.length)
  const map = Buffer.alloc(bits / 8)
  const mark = (hash: number) => {
    const bit = hash & (bits - 1)
    map[bit >>> 3] = (map[bit >>> 3] as number) | (1 << (bit & 7))
    return true
  }
  for (const line of foldedLines) forEachGram(line, mark)
  return map
}

/** Hashes (30 bits) that a chunk with this needle has marked; at most `max` of them. */
export function needleGrams(foldedNeedle: string, max = 8): number[] {
  const hashes = new Set<number>()
  forEachGram(foldedNeedle, (hash) => {
    hashes.add(hash)
    return hashes.size < max
  })
  return [...hashes]
}

/** Says for tests what the database asks of the stored map (`read-rows.ts`). */
export function mayContain(map: Uint8Array, hashes: readonly number[]): boolean {
  const mask = map.length * 8 - 1
  return hashes.every((hash) => ((map[(hash & mask) >>> 3] as number) & (1 << (hash & 7))) !== 0)
}
