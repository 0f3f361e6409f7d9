import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { type Answer, type Documentation, type DocumentedRoute, pathOf } from './documented.ts';

/** What a document says beside its routes. */
export interface DocumentSetting {
  readonly title: string;
  readonly description: string;
  readonly servers: readonly string[];
  /** The scheme of its bearer token; `optional` where calls may come without. */
  readonly bearer: { readonly description: string; readonly optional?: boolean };
  /** The body of every refusal of a status, and its type. */
  readonly refusal: (status: number) => { readonly type: string; readonly schema: z.ZodType };
  /** Headers that every call may bring. */
  readonly requestHeaders?: z.ZodObject;
  /** Headers of every answer with a status, and what they mean. */
  readonly answerHeaders: (status: number) => Readonly<Record<string, string>>;
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** OpenAPI 3.1 of the routes that say something of themselves. */
export function documentOf(routes: readonly DocumentedRoute[], setting: DocumentSetting): object {
  const { title, description, servers, bearer } = setting;
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const { method, url, docs } of routes) {
    if (!docs) continue;
    const path = pathOf(url);
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(docs, path, method, setting) };
  }
  return createDocument({
    openapi: '3.1.1',
    info: { title, description, version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: servers.map((url) => ({ url })),
    security: [{ bearer: [] }, ...(bearer.optional ? [{}] : [])],
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: bearer.description } } },
    paths: paths as ZodOpenApiPathsObject,
  });
}

function operationOf(docs: Documentation, path: string, method: string, setting: DocumentSetting) {
  const { summary, description, query, body, answer, more = [], open = false } = docs;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const params = docs.params ?? z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
  const refusals = [...(open ? [] : [401]), ...(docs.refusals ?? [])].map((status): Answer => {
    const { type, schema } = setting.refusal(status);
    return { status, schema, types: [type] };
  });
  return {
    operationId: `${method.toLowerCase()} ${path}`.replace(/\W+/g, '-').replace(/-$/, ''),
    summary,
    ...(description !== undefined && { description }),
    ...(open && { security: [] }),
    requestParams: {
      ...(names.length > 0 && { path: params }),
      ...(query && { query }),
      ...(setting.requestHeaders && { header: setting.requestHeaders }),
    },
    ...(body && {
      requestBody: {
        required: !body.optional,
        content: contentOf({ 'application/json': body.schema, ...body.text }),
      },
    }),
    responses: Object.fromEntries(
      [answer, ...more, ...refusals].map((one) => [`${one.status ?? 200}`, responseOf(one, setting)]),
    ),
  } satisfies ZodOpenApiOperationObject;
}

function responseOf(
  { status = 200, description, schema, types = ['application/json'] }: Answer,
  setting: DocumentSetting,
) {
  const headers = Object.entries(setting.answerHeaders(status)).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' as const } },
  ]);
  return {
    description: description ?? STATUS_CODES[status] ?? '',
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
    ...(schema && { content: contentOf(Object.fromEntries(types.map((type) => [type, schema]))) }),
  };
}

const contentOf = (schemas: Readonly<Record<string, z.ZodType>>) =>
  Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }]));
