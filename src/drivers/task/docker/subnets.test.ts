import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstHost, prefixesOf } from './subnets.ts'

const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
br-b06ba037bffb\t00CED30A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
wg0\t8007D20A\t00000000\t0001\t0\t0\t0\tC0FFFFFF\t0\t0\t0
`

test('a /24 that an interface serves, or a part of it, is routed; wider networks do not count', () => {
  assert.deepEqual(prefixesOf(table), ['10.211.206', '10.210.7'])
  assert.deepEqual(prefixesOf(''), [])
})

test('the first address of a subnet', () => {
  assert.equal(firstHost('172.17.0.0/16'), '172.17.0.1')
  assert.equal(firstHost('10.0.0.128/25'), '10.0.0.129')
  assert.equal(firstHost('fd00::/64'), undefined)
})
