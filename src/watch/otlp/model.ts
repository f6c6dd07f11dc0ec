/** What an OTLP body says, the same for protobuf and JSON. Ids are lower-case hex; times are milliseconds since 1970 with fractions, null where the sender left them out. */
export const otlpSignals = ['logs', 'metrics', 'traces'] as const
export type OtlpSignal = (typeof otlpSignals)[number]

export type OtlpValue = string | number | boolean | null | OtlpValue[] | { [key: string]: OtlpValue }
export type OtlpAttributes = Record<string, OtlpValue>

/** The items of one scope of one resource. */
export type OtlpGroup<Item> = { resource: OtlpAttributes; scope: { name: string; version: string }; items: Item[] }

export type OtlpLogRecord = {
  atMs: number | null
  observedMs: number | null
  /** SeverityNumber, 1 to 24; 0 = not said. */
  severity: number
  severityText: string
  body: OtlpValue
  attributes: OtlpAttributes
  traceId: string | null
  spanId: string | null
}

export type OtlpSpan = {
  traceId: string
  spanId: string
  parentId: string | null
  name: string
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer */
  kind: number
  atMs: number
  durationMs: number
  attributes: OtlpAttributes
  events: { atMs: number | null; name: string; attributes: OtlpAttributes }[]
  /** 0 unset, 1 ok, 2 error */
  status: number
  statusMessage: string
}

export type OtlpPoint = { attributes: OtlpAttributes; startMs: number | null; atMs: number | null; /** False: the sender says that there is no value. */ recorded: boolean }
export type OtlpNumberPoint = OtlpPoint & { value: number }
/** `counts` has one more than `bounds`; not cumulative. */
export type OtlpHistogramPoint = OtlpPoint & { count: number; sum: number | null; bounds: number[]; counts: number[] }
export type OtlpExponentialPoint = OtlpPoint & { count: number; sum: number | null; scale: number; zeroCount: number; positive: { offset: number; counts: number[] }; negative: { offset: number; counts: number[] } }
export type OtlpSummaryPoint = OtlpPoint & { count: number; sum: number; quantiles: { quantile: number; value: number }[] }

type Temporality = 'delta' | 'cumulative' | 'unspecified'
export type OtlpMetric = { name: string; description: string; unit: string } & (
  | { kind: 'gauge'; points: OtlpNumberPoint[] }
  | { kind: 'sum'; temporality: Temporality; monotonic: boolean; points: OtlpNumberPoint[] }
  | { kind: 'histogram'; temporality: Temporality; points: OtlpHistogramPoint[] }
  | { kind: 'exponential'; temporality: Temporality; points: OtlpExponentialPoint[] }
  | { kind: 'summary'; points: OtlpSummaryPoint[] }
  | { kind: 'none'; points: never[] }
)

export type OtlpItem = { logs: OtlpLogRecord; metrics: OtlpMetric; traces: OtlpSpan }

/** Who sent it, proved by the ingest key; `instance` (`web.1`) of a key that names none is what the sender calls itself. */
export type OtlpSender = { app: string; environment: string; service: string; instance: string | null }

/** Takes one group in; throws what the sender may try again (`unavailable`, `limited`). The answer says what of it is not kept. */
export type OtlpSink<Signal extends OtlpSignal> = (group: OtlpGroup<OtlpItem[Signal]>, from: OtlpSender, now: Date) => Promise<{ rejected: number; because: string } | void> | { rejected: number; because: string } | void
export type OtlpSinks = { [Signal in OtlpSignal]?: OtlpSink<Signal> | undefined }
