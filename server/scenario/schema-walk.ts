import type { z } from 'zod';
import type { Path } from './document.ts';

type Schema = z.core.$ZodType;

/** What a schema lets stand at a path: one schema, or several where it leaves a choice. */
export function schemasAt(schema: Schema, path: Path): Schema[] {
  return path.reduce<Schema[]>(
    (schemas, step) => schemas.flatMap((parent) => unwrap(childOf(parent, step))),
    unwrap(schema),
  );
}

/** The settings that may stand in a map at a path. */
export function knownKeys(schema: Schema, path: Path): string[] {
  return schemasAt(schema, path).flatMap((found) => {
    const { def } = (found as z.core.$ZodTypes)._zod;
    return def.type === 'object' ? Object.keys(def.shape) : [];
  });
}

function childOf(parent: Schema, step: PropertyKey): Schema | undefined {
  const { def } = (parent as z.core.$ZodTypes)._zod;
  if (def.type === 'object') return def.shape[String(step)];
  if (def.type === 'array') return def.element;
  return def.type === 'record' ? def.valueType : undefined;
}

/** Through optional, default and transform to what is compared with the text; a union opens into its members. */
function unwrap(schema: Schema | undefined): Schema[] {
  if (!schema) return [];
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'optional' || def.type === 'default' || def.type === 'prefault') return unwrap(def.innerType);
  if (def.type === 'pipe') return unwrap(def.in);
  return def.type === 'union' ? def.options.flatMap(unwrap) : [schema];
}
