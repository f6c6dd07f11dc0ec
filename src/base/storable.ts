/** What PostgreSQL can hold of a value: neither NUL nor half of a surrogate pair, in no depth of JSON. A text that was cut has halves easily. */
export function storable<T>(value: T): T {
  return cleaned(value) as T
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '\ufffd').toWellFormed()
  if (Array.isArray(value)) return value.map(cleaned)
  if (value instanceof Date) return value
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, each]) => [cleaned(key), cleaned(each)]))
  return value
}
