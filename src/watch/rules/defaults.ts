/** Rules that come with Nightshift: about what no app can be blamed for and every operator wants to know, and quiet until then. */
import { type RuleSpec, ruleSpecSchema } from '#contract/alerting.ts'
import type { z } from 'zod'

const minute = 60_000
const hour = 60 * minute
const MB = 1024 ** 2

const written: Record<string, z.input<typeof ruleSpecSchema>> = {
  'machine-disk-full': {
    title: 'A disk will be full within a day',
    measure: { metric: 'nightshift_machine_disk_free_bytes', fn: 'min', by: ['machine'] },
    condition: { kind: 'forecast', fromMs: 6 * hour, withinMs: 24 * hour, is: '<=', value: 500 * MB },
    forMs: 30 * minute, keepFiringMs: 30 * minute, severity: 'warning',
    summary: 'The disk of {place} has {value} free', wayOut: 'see what grows on it (nightshift machines)',
  },
  'machine-memory': {
    title: 'A machine is short of memory',
    measure: { metric: 'nightshift_machine_memory_used_bytes', fn: 'avg', by: ['machine'] }, per: { metric: 'nightshift_machine_memory_total_bytes', fn: 'avg', by: ['machine'] },
    condition: { kind: 'threshold', is: '>', value: 0.95 }, forMs: 10 * minute, keepFiringMs: 5 * minute, severity: 'warning',
    summary: '{value} of the memory of {place} is used', wayOut: 'move instances to other machines, or set services.<name>.resources.memory',
  },
  'machine-inodes': {
    title: 'A file system is nearly out of inodes',
    measure: { metric: 'nightshift_machine_inodes_free', fn: 'min', by: ['machine'] }, per: { metric: 'nightshift_machine_inodes_total', fn: 'min', by: ['machine'] },
    condition: { kind: 'threshold', is: '<', value: 0.05 }, forMs: 10 * minute, keepFiringMs: 10 * minute, severity: 'warning',
    summary: '{value} of the inodes of {place} are free', wayOut: 'remove small files that nobody needs; df -i on the machine shows where',
  },
  // two rules, since a threshold has one side
  'machine-clock-ahead': {
    title: 'The clock of a machine is ahead',
    measure: { metric: 'nightshift_machine_clock_offset_seconds', fn: 'min', by: ['machine'] },
    condition: { kind: 'threshold', is: '>', value: 2 }, forMs: 5 * minute, keepFiringMs: 5 * minute, severity: 'warning',
    summary: 'The clock of {place} is {value} ahead of that of control', wayOut: 'let it be set by NTP (timedatectl says whether it is); lines and samples from there have wrong times',
  },
  'machine-clock-behind': {
    title: 'The clock of a machine is behind',
    measure: { metric: 'nightshift_machine_clock_offset_seconds', fn: 'max', by: ['machine'] },
    condition: { kind: 'threshold', is: '<', value: -2 }, forMs: 5 * minute, keepFiringMs: 5 * minute, severity: 'warning',
    summary: 'The clock of {place} is off by {value} against that of control', wayOut: 'let it be set by NTP (timedatectl says whether it is); lines and samples from there have wrong times',
  },
  'instance-memory': {
    title: 'An instance is near its memory limit',
    measure: { metric: 'nightshift_instance_memory_bytes', fn: 'avg' }, per: { metric: 'nightshift_instance_memory_limit_bytes', fn: 'avg' },
    condition: { kind: 'threshold', is: '>', value: 0.95 }, forMs: 15 * minute, keepFiringMs: 5 * minute, severity: 'warning',
    summary: '{place} uses {value} of the memory it may', wayOut: 'raise services.<name>.resources.memory, or find out what keeps it',
  },
  // a loop of quick crashes is held and healed long before; this is what goes on all day, crash by crash
  'instance-restarts': {
    title: 'A service is restarted again and again',
    measure: { metric: 'nightshift_instance_restarts_total', fn: 'increase', by: ['app', 'environment', 'service'] }, windowMs: 6 * hour,
    condition: { kind: 'threshold', is: '>', value: 20 }, keepFiringMs: 30 * minute, severity: 'warning',
    summary: 'Instances of {place} were restarted {value} times in six hours', wayOut: 'nightshift why says how they end, nightshift logs --level error what they wrote',
  },
  'http-errors': {
    title: 'Many requests fail',
    measure: { metric: 'nightshift_http_requests_total', where: { class: ['5xx', 'failed'] }, fn: 'increase', by: ['app', 'environment', 'service'] },
    per: { metric: 'nightshift_http_requests_total', fn: 'increase', by: ['app', 'environment', 'service'] }, perAtLeast: 100,
    condition: { kind: 'threshold', is: '>', value: 0.05 }, forMs: 5 * minute, keepFiringMs: 5 * minute, severity: 'critical',
    summary: '{value} of the requests of {place} fail', wayOut: 'nightshift why says what is known, nightshift logs --level error what it wrote',
  },
}

export const defaultRules: Readonly<Record<string, RuleSpec>> = Object.fromEntries(Object.entries(written).map(([id, spec]) => [id, ruleSpecSchema.parse(spec)]))
