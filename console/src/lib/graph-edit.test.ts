import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Graph, graphSchema } from '#contract/dashboards.ts'
import { metricFns } from '#contract/metrics.ts'
import { appBoard, machineBoard } from '../graphs/standard.ts'
import { emptyGraph, emptyLine, graphOf, graphText, scalesOf, titleOf } from './graph-edit.ts'

const names = [{ name: 'requests_total', kind: 'delta' as const, series: 4, labels: ['app', 'class'] }, { name: 'took_seconds_bucket', kind: 'delta' as const, series: 4, labels: ['app', 'le'] }]
const line = (more: object) => ({ ...emptyLine, metric: 'requests_total', ...more })

describe('a graph in a form', () => {
  test('is what it was when nothing is changed', () => {
    for (const graph of [...appBoard('service', false).rows, ...appBoard('instance', true).rows, ...machineBoard.rows].flat()) assert.deepEqual(graphOf(graphText(graph), []).graph, graph)
    const where = fc.dictionary(fc.constantFrom('app', 'class'), fc.stringMatching(/^[a-z0-9*]{0,8}$/)).map((one) => Object.entries(one).map((pair) => pair.join('=')).join(','))
    const lines = fc.array(fc.record({ metric: fc.constantFrom('requests_total', 'took_seconds', 'other'), fn: fc.constantFrom(...metricFns), by: fc.uniqueArray(fc.constantFrom('app')), where, shareOf: where, name: fc.stringMatching(/^[a-z]{1,8}$/) }, { requiredKeys: ['metric', 'fn', 'by', 'where'] }), { minLength: 1, maxLength: 4 })
    fc.assert(fc.property(fc.record({ title: fc.stringMatching(/^[a-z]{1,20}$/), lines, compare: fc.constantFrom('1d', '7d') }, { requiredKeys: ['title', 'lines'] }), (given) => {
      const graph: Graph = graphSchema.parse(given)
      assert.deepEqual(graphOf(graphText(graph), names), { graph, missing: null })
    }))
  })

  test('says which line is missing what', () => {
    assert.equal(graphOf(emptyGraph, names).missing, 'choose a metric')
    assert.equal(graphOf({ ...emptyGraph, lines: [line({}), emptyLine] }, names).missing, 'line 2: choose a metric')
    assert.equal(graphOf({ ...emptyGraph, lines: [line({ by: 'app, colour' })] }, names).missing, 'the metric has no label colour')
    assert.match(graphOf({ ...emptyGraph, lines: [line({ where: 'app' })] }, names).missing ?? '', /"app" is no condition/)
    assert.match(graphOf({ ...emptyGraph, lines: [line({ share: 'app' })] }, names).missing ?? '', /"app" is no condition/)
  })

  test('is titled by what it shows, and says when its lines do not share a scale', () => {
    const { graph } = graphOf({ ...emptyGraph, lines: [line({ by: 'app' }), line({ metric: 'took_seconds' })] }, names)
    assert.deepEqual([graph?.title, graph?.lines.map(({ fn }) => fn)], ['requests by app and 1 more', ['rate', 'p95']])
    assert.equal(titleOf([]), '')
    assert.match(scalesOf(graph as Graph) ?? '', /in count and seconds: .* written in count/)
    assert.equal(scalesOf({ lines: [graph?.lines[0] as Graph['lines'][number]] }), null)
  })
})
