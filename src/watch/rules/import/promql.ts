/** PromQL text → a small tree, by Prometheus' own grammar. What our queries can never express is refused here, by name. Pure. */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'

export type Matcher = { label: string; op: '=' | '!=' | '=~' | '!~'; value: string }
export type Expr =
  | { is: 'number'; value: number }
  | { is: 'vector'; metric: string; matchers: readonly Matcher[]; offsetMs: number }
  | { is: 'matrix'; vector: Extract<Expr, { is: 'vector' }>; rangeMs: number }
  | { is: 'call'; fn: string; args: readonly Expr[] }
  | { is: 'aggregate'; op: string; by: readonly string[]; of: Expr }
  | { is: 'binary'; op: string; left: Expr; right: Expr }

/** Why an expression cannot be taken over. */
export class Unsupported extends Error {}

const refuse = (because: string): never => {
  throw new Unsupported(because)
}

export function parsePromql(text: string): Expr {
  const tree = parser.parse(text)
  const root = tree.topNode.firstChild
  let fault: number | null = null
  tree.iterate({ enter: (node) => void (node.type.isError && (fault ??= node.from)) })
  if (root === null || fault !== null) refuse(`it is no PromQL${fault === null ? '' : `, at column ${fault + 1}`}`)
  return exprOf(root as SyntaxNode, text)
}

const textOf = (node: SyntaxNode, text: string) => text.slice(node.from, node.to)

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child)
  return children
}

const operators: Record<string, string> = { Gtr: '>', Gte: '>=', Lss: '<', Lte: '<=', Eql: '==', EqlC: '==', Neq: '!=', Add: '+', Sub: '-', Mul: '*', Div: '/' }

function exprOf(node: SyntaxNode, text: string): Expr {
  const children = childrenOf(node)
  switch (node.name) {
    case 'ParenExpr':
      return exprOf(children[0] as SyntaxNode, text)
    case 'NumberDurationLiteral':
    case 'NumberLiteral':
      return { is: 'number', value: numberOf(textOf(node, text)) }
    case 'UnaryExpr': {
      const of = exprOf(children[1] as SyntaxNode, text)
      const sign = textOf(children[0] as SyntaxNode, text) === '-' ? -1 : 1
      return of.is === 'number' ? { is: 'number', value: sign * of.value } : { is: 'binary', op: '*', left: { is: 'number', value: sign }, right: of }
    }
    case 'VectorSelector':
      return vectorOf(children, text)
    case 'OffsetExpr':
      return withOffset(exprOf(children[0] as SyntaxNode, text), durationOf(textOf(children.at(-1) as SyntaxNode, text)))
    case 'MatrixSelector': {
      const vector = exprOf(children[0] as SyntaxNode, text)
      return vector.is === 'vector' ? { is: 'matrix', vector, rangeMs: durationOf(textOf(children[1] as SyntaxNode, text)) } : refuse('a range stands at something other than a metric')
    }
    case 'FunctionCall':
      return { is: 'call', fn: textOf(children[0] as SyntaxNode, text), args: childrenOf(children[1] as SyntaxNode).map((child) => exprOf(child, text)) }
    case 'AggregateExpr':
      return aggregateOf(children, text)
    case 'BinaryExpr':
      return binaryOf(children, text)
    default:
      return refuse(`${node.name === 'SubqueryExpr' ? 'a subquery' : node.name === 'StepInvariantExpr' ? '"@"' : node.name} cannot be expressed`)
  }
}

/** An offset is of the metric before it, which the grammar reads as the last of a calculation. */
function withOffset(expr: Expr, offsetMs: number): Expr {
  if (expr.is === 'vector') return { ...expr, offsetMs }
  return expr.is === 'binary' ? { ...expr, right: withOffset(expr.right, offsetMs) } : refuse('an offset stands at something other than a metric')
}

function vectorOf(children: readonly SyntaxNode[], text: string): Expr {
  const name = children.find((child) => child.name === 'Identifier')
  const matchers = childrenOf(children.find((child) => child.name === 'LabelMatchers') ?? (children[0] as SyntaxNode)).flatMap((matcher): Matcher[] => {
    const [label, op, value] = childrenOf(matcher)
    if (matcher.name !== 'UnquotedLabelMatcher' || label === undefined || op === undefined || value === undefined) return matcher.name.includes('Matcher') ? refuse(`the matcher ${textOf(matcher, text)} cannot be expressed`) : []
    return [{ label: textOf(label, text), op: textOf(op, text) as Matcher['op'], value: unquoted(textOf(value, text)) }]
  })
  const named = matchers.find(({ label, op }) => label === '__name__' && op === '=')
  const metric = name === undefined ? named?.value : textOf(name, text)
  if (metric === undefined) return refuse('it names no metric')
  return { is: 'vector', metric, matchers: matchers.filter((one) => one !== named), offsetMs: 0 }
}

function aggregateOf(children: readonly SyntaxNode[], text: string): Expr {
  const op = textOf(children[0] as SyntaxNode, text).toLowerCase()
  const modifier = children.find((child) => child.name === 'AggregateModifier')
  const body = childrenOf(children.find((child) => child.name === 'FunctionCallBody') as SyntaxNode)
  if (body.length !== 1) return refuse(`${op} cannot be expressed`)
  const [kind, labels] = modifier === undefined ? [] : childrenOf(modifier)
  if (kind?.name === 'Without') return refuse('"without" cannot be expressed (say the labels that stay, with "by")')
  return { is: 'aggregate', op, by: labels === undefined ? [] : childrenOf(labels).map((label) => textOf(label, text)), of: exprOf(body[0] as SyntaxNode, text) }
}

function binaryOf(children: readonly SyntaxNode[], text: string): Expr {
  const [left, operator, ...rest] = children as [SyntaxNode, SyntaxNode, ...SyntaxNode[]]
  const op = operators[operator.name] ?? refuse(`"${textOf(operator, text)}" cannot be expressed`)
  const modifier = rest.length > 1 ? rest[0] : undefined
  if (modifier !== undefined) return refuse(`"${textOf(modifier, text)}" cannot be expressed`)
  const [a, b] = [exprOf(left, text), exprOf(rest.at(-1) as SyntaxNode, text)]
  if (a.is === 'number' && b.is === 'number') return { is: 'number', value: calculated(op, a.value, b.value) }
  return { is: 'binary', op, left: a, right: b }
}

function calculated(op: string, a: number, b: number): number {
  if (op === '+') return a + b
  if (op === '-') return a - b
  if (op === '*') return a * b
  return op === '/' ? a / b : refuse('two numbers are compared, which is no condition')
}

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 }

/** `1h30m` → milliseconds. A plain number is seconds. */
export function durationOf(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return refuse(`"${text}" is no duration`)
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit as string] as number), 0)
}

function numberOf(text: string): number {
  if (/^(\d+(ms|[smhdwy]))+$/.test(text)) return durationOf(text) / 1000
  const value = /^\+?inf$/i.test(text) ? Infinity : Number(text.replaceAll('_', ''))
  return Number.isFinite(value) ? value : refuse(`${text} is no number of a rule`)
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
}
