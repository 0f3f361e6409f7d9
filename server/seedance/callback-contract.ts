import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Type, types } from 'avsc';

/** The Avro schemas of the event that a callback is, by version. A change that a reader of the latest would not understand makes
 * a new one; those before it stay. */
const files: ReadonlyMap<number, URL> = new Map([
  [1, new URL('../seedance/contract/task-changed-1.avsc', import.meta.url)],
]);

/** The version that events are checked against; each callback names it in its header `schema-version`. */
export const EVENT_SCHEMA_VERSION = 1;

/** The text of a schema, in JSON; undefined when there is none of this version. */
export function readEventSchema(version: number): string | undefined {
  const file = files.get(version);
  return file && readFileSync(file, 'utf8');
}

/**
 * Makes what checks events against their schema (reference, D2): a function that is given what Get answers, and returns undefined
 * when that fits, or else what does not, in words. Making it takes some milliseconds, so it is made for the first event.
 */
export function createEventCheck(version = EVENT_SCHEMA_VERSION): (body: Buffer) => string | undefined {
  // Not `import()`: an event leaves at the moment at which it happens, and while a library is loaded a manual clock may go on.
  const avro: typeof import('avsc') = createRequire(import.meta.url)('avsc');
  const type = avro.Type.forSchema(JSON.parse(readEventSchema(version) ?? ''));
  return (body) => {
    const misfits: string[] = [];
    const fits = type.isValid(JSON.parse(body.toString()), {
      noUndeclaredFields: true,
      errorHook: (path, value: unknown, place) => void misfits.push(describeMisfit(path, value, place)),
    });
    return fits ? undefined : misfits.join('; ');
  };
}

function describeMisfit(path: readonly string[], value: unknown, place: Type): string {
  if (isRecord(place) && typeof value === 'object' && value !== null) {
    const unknown = Object.keys(value).filter((key) => place.fields.every(({ name }) => name !== key));
    return `no field is called ${unknown.map((key) => `\`${[...path, key].join('.')}\``).join(', ')}`;
  }
  const given = value === undefined ? 'missing' : JSON.stringify(value);
  return `\`${path.join('.')}\` is ${given}, where the schema has ${place.typeName}`;
}

const isRecord = (place: Type): place is types.RecordType => place.typeName === 'record';
