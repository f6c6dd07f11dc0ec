import type { OtlpSink } from '#watch/otlp/model.ts'
import { samplesOfOtlp } from './otlp.ts'
import type { MetricWriter } from './service.ts'

export function otlpMetricsSink(writer: Pick<MetricWriter, 'write'>): OtlpSink<'metrics'> {
  return (group, from, now) => {
    const { samples, rejected, because } = samplesOfOtlp(group, from, now)
    writer.write(samples)
    return because.length === 0 ? undefined : { rejected, because: because.slice(0, 5).join('; ') }
  }
}
