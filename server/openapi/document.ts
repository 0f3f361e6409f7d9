import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { type Documentation, type DocumentedRoute, pathOf } from './documented.ts';

/** What a document says beside its routes. */
export interface DocumentSetting {
  readonly title: string;
  readonly description: string;
  readonly servers: readonly string[];
  /** The scheme of its bearer token; `optional` where calls may come without. */
  readonly bearer: { readonly description: string; readonly optional?: boolean };
  /** The body of every refusal of a status, and its type. */
  readonly refusal: (status: number) => { readonly type: string; readonly schema: z.ZodType };
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
  const { summary, description, query, body, answer, refusals = [] } = docs;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const params = docs.params ?? z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
  return {
    operationId: `${method.toLowerCase()} ${path}`.replace(/\W+/g, '-').replace(/-$/, ''),
    summary,
    ...(description !== undefined && { description }),
    requestParams: { ...(names.length > 0 && { path: params }), ...(query && { query }) },
    ...(body && { requestBody: { required: !body.optional, content: contentOf(body) } }),
    responses: {
      [`${answer.status ?? 200}`]: {
        description: answer.description ?? STATUS_CODES[answer.status ?? 200] ?? '',
        ...(answer.headers && {
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, text]) => [
              name,
              { description: text, schema: { type: 'string' as const } },
            ]),
          ),
        }),
        ...(answer.schema && { content: contentOf({ schema: answer.schema, types: answer.types }) }),
      },
      ...Object.fromEntries(
        refusals.map((status) => {
          const { type, schema } = setting.refusal(status);
          return [`${status}`, { description: STATUS_CODES[status] ?? '', content: { [type]: { schema } } }];
        }),
      ),
    },
  } satisfies ZodOpenApiOperationObject;
}

const contentOf = ({
  schema,
  types = ['application/json'],
}: {
  schema: z.ZodType;
  types?: readonly string[] | undefined;
}) => Object.fromEntries(types.map((type) => [type, { schema }]));
