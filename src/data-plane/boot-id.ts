import { readFileSync } from 'node:fs'

/** Names this run of the machine: what is true for one of them (ports, unflushed files) may not be for the next. Empty where the system does not say. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
