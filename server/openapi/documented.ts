import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';

/** What a route says of itself: the schemas are those that check what comes in, and describe what goes out. */
export interface Documentation {
  /** What it does, in one sentence. */
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly params?: z.ZodObject;
  /** A JSON body by its schema; `text` is what it may be instead, by media type. */
  readonly body?: {
    readonly schema: z.ZodType;
    readonly text?: Readonly<Record<string, z.ZodType>>;
    readonly optional?: boolean;
  };
  /** The answer that it gives when all is well. */
  readonly answer: Answer;
  /** Answers with a body of their own under other statuses. */
  readonly more?: readonly Answer[];
  /** Statuses of its refusals; 401 goes without saying where a key is asked for. */
  readonly refusals?: readonly number[];
  /** Takes calls without a key. */
  readonly open?: boolean;
}

/** 200 and JSON unless it says otherwise; without a schema, no body. */
export interface Answer {
  readonly status?: number;
  readonly schema?: z.ZodType;
  readonly types?: readonly string[];
  readonly description?: string;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    docs?: Documentation;
  }
}

/** Options of a route that stands in a document. */
export const documented = (docs: Documentation) => ({ config: { docs } });

/** A route with what it says of itself. */
export interface DocumentedRoute {
  readonly method: string;
  readonly url: string;
  readonly docs: Documentation | undefined;
}

/** Collects the routes of an app as they are registered; to be called before the first of them. */
export function collectRoutes(app: FastifyInstance): readonly DocumentedRoute[] {
  const routes: DocumentedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    // HEAD comes with each GET.
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push({ method: one, url, docs: config?.docs });
  });
  return routes;
}

/** A path as OpenAPI writes it; Fastify writes `:name(pattern)`, and `*` for the rest. */
export const pathOf = (url: string): string => url.replace(/:(\w+)(\([^/]*\))?/g, '{$1}').replace('*', '{rest}');
