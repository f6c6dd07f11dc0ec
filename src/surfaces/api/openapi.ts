/** OpenAPI 3.1 printed from the endpoint table; nothing is written by hand twice. */
import { z } from 'zod'
import { type EndpointSpec, endpoints } from '#contract/endpoints.ts'

type Json = Record<string, unknown>

const problem: Json = {
  type: 'object',
  properties: { type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string' }, code: { type: 'string' }, fields: { type: 'array', items: { type: 'object' } }, requestId: { type: 'string' } },
  required: ['type', 'title', 'status', 'detail', 'code'],
}

const schemaOf = (schema: z.ZodType, io: 'input' | 'output') => z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json

export function openApi(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const [id, spec] of Object.entries(endpoints) as [string, EndpointSpec][]) {
    const entry = (paths[spec.path] ??= {})
    entry[spec.method.toLowerCase()] = operation(id, spec)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Nightshift', version, description: 'Everything the CLI and the console do. Errors are RFC 9457 problem details.' },
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas: { Problem: problem } },
    security: [{ token: [] }],
  }
}

function operation(id: string, spec: EndpointSpec): Json {
  const content = spec.stream ? 'text/event-stream' : 'application/json'
  return {
    operationId: id,
    summary: spec.summary,
    tags: [id.split('.')[0]],
    'x-access': spec.access,
    ...(spec.access === 'public' ? { security: [] } : {}),
    parameters: [...parameters('path', spec.params), ...parameters('query', spec.query)],
    ...(spec.body ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(spec.body, 'input') } } } } : {}),
    ...(spec.upload ? { requestBody: { required: true, content: { [spec.upload]: { schema: { type: 'string', format: 'binary' } } } } } : {}),
    responses: {
      200: { description: spec.stream ? 'Server-sent events; the data of each is this schema.' : 'Done.', content: { [content]: { schema: schemaOf(spec.response, 'output') } } },
      default: { description: 'A problem.', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
    },
  }
}

function parameters(place: 'path' | 'query', schema: z.ZodObject | undefined): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(properties).map(([name, property]) => ({ name, in: place, required: place === 'path' || required.includes(name), schema: property }))
}
