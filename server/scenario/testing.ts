import { z } from 'zod';
import type { Fault } from '../faults/fault.ts';
import { faults } from '../faults/table.ts';
import type { Path } from './document.ts';
import type { Hook } from './scenario.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A setting of a fault that is to be refused. */
export interface WrongSetting {
  /** Where it stands, from the fault's settings on. */
  readonly path: Path;
  readonly value: unknown;
  /** What is wrong there: the last key of the path, or the value. */
  readonly part: 'key' | 'value';
}

/** Every fault on each hook where it strikes, with what is wrong for it. */
export function wrongSettings(): readonly {
  readonly hook: Hook;
  readonly fault: string;
  readonly wrong: readonly WrongSetting[];
}[] {
  return (faults as readonly Fault[]).flatMap(({ on, name, params }) => {
    const { $schema: _, ...schema } = z.toJSONSchema(params, { io: 'input' });
    // Without a value, the fault's name stands alone.
    const wrong = wrongIn(schema, []).filter(({ path, value }) => path.length > 0 || value !== null);
    return on.map((hook) => ({ hook, fault: name, wrong }));
  });
}

/** One value of each type that there is. */
const samples = { null: null, boolean: true, number: 2, string: 'sugar', array: [], object: {} };

/** All that a JSON Schema can tell to be wrong. What only a refinement refuses does not stand in it, so it is not here. */
function wrongIn(schema: JsonSchema, path: Path): WrongSetting[] {
  const shapes = (schema.anyOf ?? [schema]) as readonly JsonSchema[];
  const types = shapes.map(({ type }) => (type === 'integer' ? 'number' : type));
  const ofOtherTypes = Object.entries(samples).flatMap(([type, sample]) =>
    types.some((one) => one === type) ? [] : [sample],
  );
  const values = [...ofOtherTypes, ...shapes.flatMap(wrongNumbers), ...shapes.flatMap(wrongTexts)];
  return [
    ...values.map((value) => ({ path, value, part: 'value' as const })),
    ...shapes.flatMap((shape) => wrongInside(shape, path)),
  ];
}

function wrongNumbers(shape: JsonSchema): readonly number[] {
  const { type, enum: known = [], minimum, maximum, exclusiveMinimum, exclusiveMaximum } = shape;
  const numbers = known.filter((one) => typeof one === 'number');
  const wrong = [
    type === 'integer' && 2.5,
    numbers.length > 0 && Math.max(...numbers) + 1,
    minimum !== undefined && minimum - 1,
    maximum !== undefined && maximum + 1,
    exclusiveMinimum,
    exclusiveMaximum,
  ];
  // Beyond these JavaScript itself is at its end.
  return wrong.filter((one) => typeof one === 'number').filter((one) => Math.abs(one) <= Number.MAX_SAFE_INTEGER);
}

function wrongTexts({ enum: known = [], pattern, minLength = 0, maxLength }: JsonSchema): readonly string[] {
  return [
    ...(known.some((one) => typeof one === 'string') ? ['sugar'] : []),
    ...(pattern === undefined ? [] : ['', 'ü'].filter((text) => !new RegExp(pattern).test(text))),
    ...(minLength > 0 ? [''] : []),
    ...(maxLength === undefined ? [] : ['x'.repeat(maxLength + 1)]),
  ];
}

function wrongInside(shape: JsonSchema, path: Path): WrongSetting[] {
  const { type, properties = {}, propertyNames, additionalProperties: others, items, minItems = 0 } = shape;
  const isSchema = (given: unknown): given is JsonSchema => typeof given === 'object' && given !== null;
  return [
    ...Object.entries(properties).flatMap(([key, each]) => (isSchema(each) ? wrongIn(each, [...path, key]) : [])),
    ...(type === 'object' && others === false ? [{ path: [...path, 'sugar'], value: 2, part: 'key' as const }] : []),
    ...(isSchema(others) ? wrongIn(others, [...path, 'sugar']) : []),
    ...(propertyNames ? [{ path: [...path, 'ü'], value: 'sugar', part: 'key' as const }] : []),
    ...(isSchema(items) ? wrongIn(items, [...path, 0]) : []),
    ...(minItems > 0 ? [{ path, value: [], part: 'value' as const }] : []),
  ];
}
