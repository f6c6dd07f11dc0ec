/** What Linux says of the machine, from /proc and /sys. The parsers are pure; elsewhere than on Linux there is nothing to read, and null. */
import { readFile, readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { MachineStat } from '#contract/wire.ts'

const sectorBytes = 512
const mostDevices = 32

/** `home`: whose file system's inodes are told of. */
export async function readMachineStats(home: string): Promise<MachineStat | null> {
  const text = (path: string) => readFile(path, 'utf8').catch(() => null)
  const [stat, loads, memory, disks, networks, files] = await Promise.all(['stat', 'loadavg', 'meminfo', 'diskstats', 'net/dev', 'sys/fs/file-nr'].map((name) => text(`/proc/${name}`)))
  if (!stat || !memory) return null
  const inodes = await statfs(home).catch(() => null)
  return {
    cpuSeconds: cpuSeconds(stat), load: loadsOf(loads ?? ''), memory: memoryOf(memory), openFiles: loadlessCount(files ?? ''),
    inodes: inodes === null || inodes.files === 0 ? null : { free: inodes.ffree, total: inodes.files },
    disks: disksOf(disks ?? ''), networks: networksOf(networks ?? ''), temperatures: await temperatures('/sys/class/thermal'),
  }
}

/** Seconds since the start of the machine, all CPUs together; the kernel counts hundredths (USER_HZ). */
export function cpuSeconds(procStat: string): MachineStat['cpuSeconds'] {
  const ticks = /^cpu +(.*)$/m.exec(procStat)?.[1]?.split(' ').map(Number) ?? []
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = ticks
  return { user: (user + nice) / 100, system: (system + irq + softirq) / 100, iowait: iowait / 100, steal: steal / 100, idle: idle / 100 }
}

export function loadsOf(loadavg: string): MachineStat['load'] {
  const [one, five, fifteen] = loadavg.split(' ').map(Number)
  return one === undefined || five === undefined || fifteen === undefined || Number.isNaN(one) ? null : { one, five, fifteen }
}

export function memoryOf(meminfo: string): MachineStat['memory'] {
  const bytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0) * 1024
  return { totalBytes: bytes('MemTotal'), availableBytes: bytes('MemAvailable'), swapUsedBytes: bytes('SwapTotal') - bytes('SwapFree') }
}

function loadlessCount(fileNr: string): number | null {
  const [used, free] = fileNr.trim().split(/\s+/).map(Number)
  return used === undefined || free === undefined || Number.isNaN(used) ? null : used - free
}

/** Whole disks: their partitions, and what lies on them (loop, ram, device mapper), would count the same bytes twice. */
export function disksOf(diskstats: string): MachineStat['disks'] {
  return diskstats.split('\n').map((line) => line.trim().split(/\s+/)).filter(([, , device]) => device !== undefined && /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|hd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(device)).slice(0, mostDevices)
    .map((fields) => ({ device: fields[2] as string, readBytes: Number(fields[5]) * sectorBytes, writtenBytes: Number(fields[9]) * sectorBytes, busySeconds: Number(fields[12]) / 1000 }))
}

/** What leads out of the machine: neither loopback nor the pairs and bridges of containers. */
export function networksOf(netDev: string): MachineStat['networks'] {
  return netDev.split('\n').flatMap((line) => {
    const [, device, rest] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? []
    if (device === undefined || rest === undefined || /^(lo$|veth|docker|br-|virbr|cni|flannel|cali|ifb|dummy|tunl|sit|ip6tnl)/.test(device)) return []
    const numbers = rest.trim().split(/\s+/).map(Number)
    return [{ device, receivedBytes: numbers[0] ?? 0, sentBytes: numbers[8] ?? 0, errors: (numbers[2] ?? 0) + (numbers[10] ?? 0) }]
  }).slice(0, mostDevices)
}

async function temperatures(folder: string): Promise<MachineStat['temperatures']> {
  const zones = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith('thermal_zone')).slice(0, mostDevices)
  const read = await Promise.all(zones.map(async (zone) => {
    const [type, temp] = await Promise.all(['type', 'temp'].map((name) => readFile(join(folder, zone, name), 'utf8').catch(() => '')))
    const celsius = Number(temp?.trim() || 'NaN') / 1000
    return { zone: `${zone.slice('thermal_zone'.length)} ${type?.trim() ?? ''}`.trim(), celsius }
  }))
  return read.filter(({ celsius }) => Number.isFinite(celsius))
}
