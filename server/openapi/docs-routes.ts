import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { problemSchema } from '../admin/answers.ts';
import { answerProblems } from '../admin/problem-json.ts';
import { answerHeaders, requestHeaders } from '../seedance/api-headers.ts';
import { arkErrorSchema } from '../seedance/errors.ts';
import { openRouter } from '../seedance/paths.ts';
import { type DocumentedRoute, documented } from './documented.ts';

/** The routes of both APIs. Those of the admin API may still grow: they are asked for when a document is. */
export interface DocsDeps {
  readonly api: readonly DocumentedRoute[];
  readonly admin: () => readonly DocumentedRoute[];
  /** Scheme and authority of the mocked API. */
  readonly apiUrl: () => string;
  /** Takes what goes wrong in the page and is no refusal. */
  readonly onBug: (error: unknown) => void;
}

const PAGE = '/docs';
const API_DOCUMENT = '/openapi.json';
const ADMIN_DOCUMENT = '/openapi-admin.json';

const openApi = z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) });

/** `/openapi.json`, `/openapi-admin.json` and the page that shows them, all made when they are first asked for. */
export function registerDocs(app: FastifyInstance, { api, admin, apiUrl, onBug }: DocsDeps): void {
  const documents = {
    [API_DOCUMENT]: async () => {
      const { documentOf } = await import('./document.ts');
      return documentOf(api, {
        title: 'Seedance 2.0 video tasks, as seedance-mock serves them',
        description:
          'The Ark video task API (Volcengine Ark, BytePlus ModelArk), under any prefix. Any bearer token will do.',
        servers: [apiUrl()],
        bearer: { description: 'An API key; any will do.' },
        refusal: (status) => ({ type: 'application/json', schema: arkErrorSchema(status) }),
        requestHeaders,
        answerHeaders,
      });
    },
    [ADMIN_DOCUMENT]: async ({ headers }: FastifyRequest) => {
      const { documentOf } = await import('./document.ts');
      return documentOf(admin(), {
        title: 'The control plane of seedance-mock',
        description:
          'On a port of its own, never hit by faults. Errors are RFC 9457 problem documents. What it tells and takes of the main lane stands under `/lanes/{id}` for each other one.',
        // As it is called: a container's ports are other ones outside.
        servers: [`http://${headers.host}`],
        bearer: { description: 'The text given to --admin-token.', optional: true },
        refusal: () => ({ type: 'application/problem+json', schema: problemSchema }),
        answerHeaders: (status) => (status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      });
    },
  };
  const docs = documented({ summary: 'OpenAPI 3.1 of the mocked API.', answer: { schema: openApi } });
  app.get(API_DOCUMENT, docs, documents[API_DOCUMENT]);
  const adminDocs = documented({ summary: 'OpenAPI 3.1 of this API.', answer: { schema: openApi } });
  app.get(ADMIN_DOCUMENT, adminDocs, documents[ADMIN_DOCUMENT]);

  // An app of its own: this one is ready long before anybody asks, and takes no plug-in any more.
  let page: Promise<FastifyInstance> | undefined;
  const show = async (request: FastifyRequest, reply: FastifyReply) => {
    page ??= createPage(onBug);
    const { routing } = await page;
    reply.hijack();
    routing(request.raw, reply.raw);
  };
  const html = documented({
    summary: 'A page that shows both documents.',
    answer: { schema: z.string(), types: ['text/html'] },
  });
  app.get(PAGE, html, show);
  const part = documented({
    summary: 'What the page is made of.',
    answer: { schema: z.string(), types: ['*/*'] },
    refusals: [404],
  });
  app.get(`${PAGE}/*`, part, show);
}

async function createPage(onBug: DocsDeps['onBug']): Promise<FastifyInstance> {
  const [{ default: Fastify }, { default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const app = Fastify(openRouter);
  answerProblems(app, onBug);
  const document = { openapi: '3.1.1', info: { title: 'seedance-mock', version: '1' }, paths: {} };
  await app.register(swagger, { mode: 'static', specification: { document } });
  await app.register(swaggerUi, {
    routePrefix: PAGE,
    theme: { title: 'seedance-mock' },
    uiConfig: {
      urls: [
        { url: API_DOCUMENT, name: 'The mocked API' },
        { url: ADMIN_DOCUMENT, name: 'The admin API' },
      ],
      // Its badge would ask a host on the internet.
      validatorUrl: null,
      docExpansion: 'list',
    },
  });
  await app.ready();
  return app;
}
