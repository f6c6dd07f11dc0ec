/** Numbers that look measured and are the same every time: smooth noise over time, seeded by a name. */

function hash(text: string): number {
  let h = 2166136261
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  return h >>> 0
}

function at(seed: number, step: number): number {
  let x = (seed ^ Math.imul(step, 0x9e3779b1)) >>> 0
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32
}

/** 0..1, changing smoothly over `periodMs`. */
export function noise(name: string, ms: number, periodMs: number): number {
  const seed = hash(name)
  const position = ms / periodMs
  const step = Math.floor(position)
  const t = position - step
  const ease = t * t * (3 - 2 * t)
  return at(seed, step) * (1 - ease) + at(seed, step + 1) * ease
}

/** 0..1 without smoothing: one value a `periodMs`. */
export function pick(name: string, ms: number, periodMs: number): number {
  return at(hash(name), Math.floor(ms / periodMs))
}

/** How busy the hour is, 0.25 … 1: quiet before dawn, busy in the evening. */
function dayCurve(ms: number): number {
  const hour = (ms / 3_600_000) % 24
  return 0.62 - 0.38 * Math.cos(((hour - 4) / 24) * 2 * Math.PI)
}

/** Requests per second of a service at a time, around `base`. */
export function requestRate(name: string, ms: number, base: number): number {
  return base * dayCurve(ms) * (0.75 + 0.35 * noise(name, ms, 420_000) + 0.15 * noise(`${name}.fast`, ms, 25_000))
}
