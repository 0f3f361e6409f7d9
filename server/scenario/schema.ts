import { z } from 'zod';
import type { Fault } from '../faults/fault.ts';
import { faultsOn } from '../faults/table.ts';
import { checks } from '../verdict/table.ts';
import { showDefault } from './duration.ts';
import { faultSchema, scenarioSchema } from './file.ts';
import { type Hook, hooks, matchSchemas } from './scenario.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of a scenario file, for editors: what may stand where, and what it means. */
export function scenarioJsonSchema(): JsonSchema {
  const file = toJson(scenarioSchema);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'seedance-mock scenario',
    ...file,
    properties: {
      ...file.properties,
      faults: { ...(file.properties?.faults as JsonSchema), items: faultJsonSchema() },
      expect: { ...(file.properties?.expect as JsonSchema), items: namedJsonSchema(checks) },
    },
  };
}

/** What `match` and `inject` take depends on `on`. */
function faultJsonSchema(): JsonSchema {
  return { ...toJson(faultSchema), allOf: hooks.map(hookJsonSchema) };
}

const hookJsonSchema = (hook: Hook): JsonSchema => ({
  if: { properties: { on: { const: hook } }, required: ['on'] },
  then: {
    properties: {
      match: toJson(matchSchemas[hook]),
      inject: { items: namedJsonSchema(faultsOn(hook)) },
    },
  },
});

/** What stands under `inject:` or `expect:`. */
type Named = Pick<Fault, 'name' | 'summary' | 'params'>;

/** One name per item: its settings by it, or the bare name where all of them may be left out. */
function namedJsonSchema(rows: readonly Named[]): JsonSchema | false {
  const bare = rows.filter(({ params }) => params.safeParse({}).success);
  const properties = rows.map((row) => [row.name, paramsJsonSchema(row, bare.includes(row))]);
  const named = oneOfThese(Object.fromEntries(properties));
  if (rows.length === 0) return false;
  return bare.length > 0 ? { anyOf: [{ enum: bare.map(({ name }) => name) }, named] } : named;
}

function paramsJsonSchema({ params, summary }: Named, mayBeEmpty: boolean): JsonSchema {
  const schema = { description: summary, ...toJson(params) };
  return mayBeEmpty ? { ...schema, type: ['object', 'null'] as never } : schema;
}

const oneOfThese = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  properties,
  additionalProperties: false,
});

function toJson(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', override: tidyUp });
  return rest;
}

function tidyUp(shown: Parameters<typeof showDefault>[0]): void {
  showDefault(shown);
  const { jsonSchema } = shown;
  // That a number is no larger than JavaScript can hold helps nobody who reads the schema.
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  // Zod's own name for a format; JSON Schema has none, and the pattern beside it says the same.
  if (jsonSchema.format === 'starts_with') delete jsonSchema.format;
}
